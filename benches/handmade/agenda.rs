//! What happens next: a 4-ary heap by time, whose root stays vacant after a pop until the next push fills it.

/// An event of a request.
#[derive(Clone, Copy)]
pub struct Event {
    /// When, ns.
    pub at: u64,
    /// Whose.
    pub who: u32,
}

/// The pending events.
#[derive(Default)]
pub struct Agenda {
    heap: Vec<Event>,
    vacant: bool,
}

impl Agenda {
    /// When the next event is due; `u64::MAX` where there is none.
    #[inline]
    pub fn next(&mut self) -> u64 {
        if self.vacant {
            self.vacant = false;
            let last = self.heap.pop().expect("a vacant root is still counted");
            if !self.heap.is_empty() {
                self.sink(last);
            }
        }
        self.heap.first().map_or(u64::MAX, |event| event.at)
    }

    /// Takes the event that [`Self::next`] just announced.
    #[inline]
    pub fn take(&mut self) -> u32 {
        self.vacant = true;
        self.heap[0].who
    }

    /// Adds an event.
    #[inline]
    pub fn push(&mut self, event: Event) {
        if self.vacant {
            self.vacant = false;
            self.sink(event);
        } else {
            self.heap.push(event);
            self.rise(event);
        }
    }

    #[inline]
    fn rise(&mut self, event: Event) {
        let mut at = self.heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 4;
            if self.heap[parent].at <= event.at {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = event;
    }

    #[inline]
    fn sink(&mut self, event: Event) {
        let heap = self.heap.as_mut_slice();
        let mut at = 0;
        loop {
            let first = 4 * at + 1;
            let child = if let Some(four) = heap.get(first..first + 4) {
                let left = usize::from(four[1].at < four[0].at);
                let right = 2 + usize::from(four[3].at < four[2].at);
                first + if four[right].at < four[left].at { right } else { left }
            } else {
                match (first..heap.len()).min_by_key(|&child| heap[child].at) {
                    Some(child) => child,
                    None => break,
                }
            };
            if event.at <= heap[child].at {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = event;
    }
}
