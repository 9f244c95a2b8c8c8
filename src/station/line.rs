//! Waiting lines as intrusive lists: no allocation, and anyone may leave from the middle in constant time.

/// "No call."
pub const NONE: u32 = u32::MAX;

/// Neighbours of every call in the line it waits in: `links[call] = [previous, next]`.
#[derive(Clone, Debug, Default)]
pub struct Links {
    links: Vec<[u32; 2]>,
}

impl Links {
    /// Makes room for ids below `len`.
    #[inline]
    pub fn grow_to(&mut self, len: usize) {
        if self.links.len() < len {
            self.links.resize(len, [NONE, NONE]);
        }
    }

    /// Bytes held.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.links.capacity() * size_of::<[u32; 2]>()
    }
}

/// Where the neighbours of all who may stand in a line are kept.
pub trait Neighbours {
    /// `[previous, next]` of `id`.
    fn of(&mut self, id: u32) -> &mut [u32; 2];

    /// Who stands behind `id`, which must stand in a line.
    #[inline]
    #[must_use]
    fn after(&mut self, id: u32) -> Option<u32> {
        let after = self.of(id)[1];
        (after != NONE).then_some(after)
    }
}

impl Neighbours for Links {
    #[inline]
    fn of(&mut self, id: u32) -> &mut [u32; 2] {
        &mut self.links[id as usize]
    }
}

/// One line. A call may stand in one line at a time.
#[derive(Clone, Debug)]
pub struct Line {
    first: u32,
    last: u32,
    len: u32,
}

impl Default for Line {
    fn default() -> Self {
        Self { first: NONE, last: NONE, len: 0 }
    }
}

impl Line {
    /// How many wait.
    #[inline]
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Nobody waits.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Who stands first.
    #[inline]
    #[must_use]
    pub fn first(&self) -> Option<u32> {
        (self.first != NONE).then_some(self.first)
    }

    /// Joins at the end.
    #[inline]
    pub fn push_back(&mut self, id: u32, links: &mut (impl Neighbours + ?Sized)) {
        *links.of(id) = [self.last, NONE];
        match self.last {
            NONE => self.first = id,
            last => links.of(last)[1] = id,
        }
        self.last = id;
        self.len += 1;
    }

    /// Joins at the front.
    #[inline]
    pub fn push_front(&mut self, id: u32, links: &mut (impl Neighbours + ?Sized)) {
        *links.of(id) = [NONE, self.first];
        match self.first {
            NONE => self.last = id,
            first => links.of(first)[0] = id,
        }
        self.first = id;
        self.len += 1;
    }

    /// Joins right behind `before`, which must stand in this line.
    #[inline]
    pub fn insert_after(&mut self, before: u32, id: u32, links: &mut (impl Neighbours + ?Sized)) {
        let after = links.of(before)[1];
        *links.of(id) = [before, after];
        links.of(before)[1] = id;
        match after {
            NONE => self.last = id,
            after => links.of(after)[0] = id,
        }
        self.len += 1;
    }

    /// Takes the first.
    #[inline]
    pub fn pop_front(&mut self, links: &mut (impl Neighbours + ?Sized)) -> Option<u32> {
        let id = self.first;
        if id == NONE {
            return None;
        }
        let after = links.of(id)[1];
        self.first = after;
        match after {
            NONE => self.last = NONE,
            after => links.of(after)[0] = NONE,
        }
        self.len -= 1;
        Some(id)
    }

    /// Takes `id`, which must stand in this line.
    #[inline]
    pub fn remove(&mut self, id: u32, links: &mut (impl Neighbours + ?Sized)) {
        let [before, after] = *links.of(id);
        match before {
            NONE => self.first = after,
            before => links.of(before)[1] = after,
        }
        match after {
            NONE => self.last = before,
            after => links.of(after)[0] = before,
        }
        self.len -= 1;
    }

    /// `into` stands where `out` stood.
    fn replace(&mut self, out: u32, into: u32, links: &mut (impl Neighbours + ?Sized)) {
        let [before, after] = *links.of(out);
        *links.of(into) = [before, after];
        match before {
            NONE => self.first = into,
            before => links.of(before)[1] = into,
        }
        match after {
            NONE => self.last = into,
            after => links.of(after)[0] = into,
        }
    }
}

/// A line per priority class; a station without classes has one.
#[derive(Clone, Debug)]
pub struct Lines {
    /// The line of the highest class, apart: most stations have no other.
    first: Line,
    others: Box<[Line]>,
    len: u32,
}

impl Lines {
    /// `classes` lines, at least one.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        let others = vec![Line::default(); classes.saturating_sub(1)].into_boxed_slice();
        Self { first: Line::default(), others, len: 0 }
    }

    /// How many wait, all classes.
    #[inline]
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Nobody waits.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    fn line(&mut self, class: u8) -> &mut Line {
        // A station without classes has one line, whatever class the caller has.
        let lower = (class as usize).min(self.others.len());
        match lower.checked_sub(1) {
            None => &mut self.first,
            Some(other) => &mut self.others[other],
        }
    }

    /// Joins the end of its class's line.
    #[inline]
    pub fn push_back(&mut self, id: u32, class: u8, links: &mut Links) {
        self.line(class).push_back(id, links);
        self.len += 1;
    }

    /// Joins the front of its class's line.
    #[inline]
    pub fn push_front(&mut self, id: u32, class: u8, links: &mut Links) {
        self.line(class).push_front(id, links);
        self.len += 1;
    }

    /// Takes the first of the highest class.
    #[inline]
    pub fn pop(&mut self, links: &mut Links) -> Option<u32> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        let first = self.first.pop_front(links);
        first.or_else(|| self.others.iter_mut().find_map(|line| line.pop_front(links)))
    }

    /// `into` stands where `out`, which must wait here in `class`, stood.
    pub fn replace(&mut self, out: u32, into: u32, class: u8, links: &mut Links) {
        self.line(class).replace(out, into, links);
    }

    /// Takes `id`, which must wait here in `class`.
    #[inline]
    pub fn remove(&mut self, id: u32, class: u8, links: &mut Links) {
        self.line(class).remove(id, links);
        self.len -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(n: usize) -> Links {
        let mut links = Links::default();
        links.grow_to(n);
        links
    }

    fn drain(line: &mut Line, links: &mut Links) -> Vec<u32> {
        std::iter::from_fn(|| line.pop_front(links)).collect()
    }

    #[test]
    fn anyone_may_leave_from_anywhere() {
        for leaver in 0..3 {
            let (mut line, mut links) = (Line::default(), links(3));
            (0..3).for_each(|id| line.push_back(id, &mut links));
            line.remove(leaver, &mut links);
            assert_eq!(line.len(), 2);
            let expected: Vec<u32> = (0..3).filter(|&id| id != leaver).collect();
            assert_eq!(drain(&mut line, &mut links), expected);
            assert!(line.is_empty());
        }
    }

    #[test]
    fn one_may_join_behind_anyone() {
        for before in 0..3 {
            let (mut line, mut links) = (Line::default(), links(4));
            (0..3).for_each(|id| line.push_back(id, &mut links));
            line.insert_after(before, 3, &mut links);
            assert_eq!((line.len(), line.first(), links.after(before)), (4, Some(0), Some(3)));
            let mut expected = vec![0, 1, 2];
            expected.insert(before as usize + 1, 3);
            assert_eq!(drain(&mut line, &mut links), expected);
            assert_eq!(line.first(), None);
        }
    }

    #[test]
    fn the_highest_class_goes_first_and_fifo_within_it() {
        let (mut lines, mut links) = (Lines::new(2), links(4));
        for (id, class) in [(0, 1), (1, 0), (2, 1), (3, 0)] {
            lines.push_back(id, class, &mut links);
        }
        let order: Vec<u32> = std::iter::from_fn(|| lines.pop(&mut links)).collect();
        assert_eq!(order, [1, 3, 0, 2]);
    }

    #[test]
    fn a_station_without_classes_serves_all_classes_in_one_line() {
        let (mut lines, mut links) = (Lines::new(1), links(3));
        for (id, class) in [(0, 5), (1, 0), (2, 3)] {
            lines.push_back(id, class, &mut links);
        }
        lines.remove(0, 5, &mut links);
        let order: Vec<u32> = std::iter::from_fn(|| lines.pop(&mut links)).collect();
        assert_eq!(order, [1, 2]);
    }
}
