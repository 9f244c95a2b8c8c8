//! W1 and W2: M/M/1 and M/M/c by hand.

use std::collections::VecDeque;

use knee::rng::KeyedRng;
use knee::stats::Histogram;

use super::agenda::{Agenda, Event};
use super::books::{Level, Place};
use super::{Results, exponential};

const SERVICE_S: f64 = 1.0;

/// A customer in service.
#[derive(Clone, Copy, Default)]
struct Served {
    arrived: u64,
    began: u64,
}

/// W1: one server, so that its next departure is all there is to remember.
pub fn mm1(rate: f64, requests: u64, seed: u64) -> Results {
    let mut rng = KeyedRng::new(seed);
    let (mut latency, mut open, mut place, mut busy) =
        (Histogram::new(), Level::default(), Place::default(), 0);
    let mut line: VecDeque<u64> = VecDeque::new();
    let mut served = Served::default();
    let (mut asked, mut arrival, mut departure) = (0, exponential(&mut rng, 1.0 / rate), u64::MAX);
    let mut now = 0;
    loop {
        if arrival < departure {
            now = arrival;
            asked += 1;
            open.up(now);
            place.present.up(now);
            if departure == u64::MAX {
                served = Served { arrived: now, began: now };
                departure = now + exponential(&mut rng, SERVICE_S);
            } else {
                place.queue.up(now);
                line.push_back(now);
            }
            arrival = if asked < requests { now + exponential(&mut rng, 1.0 / rate) } else { u64::MAX };
        } else if departure < u64::MAX {
            now = departure;
            let (wait, service) = (served.began - served.arrived, now - served.began);
            busy += service;
            place.leave(now, served.arrived, wait, service);
            latency.record(now - served.arrived);
            open.down(now);
            departure = match line.pop_front() {
                Some(arrived) => {
                    place.queue.down(now);
                    served = Served { arrived, began: now };
                    now + exponential(&mut rng, SERVICE_S)
                }
                None => u64::MAX,
            };
        } else {
            break;
        }
    }
    assert!(busy <= now, "one server");
    Results { latency, open, places: vec![place] }
}

/// W2: servers in a heap by departure.
pub fn mmc(servers: usize, rate: f64, requests: u64, seed: u64) -> Results {
    let mut rng = KeyedRng::new(seed);
    let (mut latency, mut open, mut place, mut busy) =
        (Histogram::new(), Level::default(), Place::default(), 0);
    let mut line: VecDeque<u64> = VecDeque::new();
    let mut at = vec![Served::default(); servers];
    let mut idle: Vec<u32> = (0..servers as u32).rev().collect();
    let mut departures = Agenda::default();
    let (mut asked, mut arrival) = (0, exponential(&mut rng, 1.0 / rate));
    let mut now = 0;
    loop {
        let departure = departures.next();
        if arrival < departure {
            now = arrival;
            asked += 1;
            open.up(now);
            place.present.up(now);
            if let Some(server) = idle.pop() {
                at[server as usize] = Served { arrived: now, began: now };
                departures.push(Event { at: now + exponential(&mut rng, SERVICE_S), who: server });
            } else {
                place.queue.up(now);
                line.push_back(now);
            }
            arrival = if asked < requests { now + exponential(&mut rng, 1.0 / rate) } else { u64::MAX };
        } else if departure < u64::MAX {
            now = departure;
            let server = departures.take();
            let served = &mut at[server as usize];
            let (wait, service) = (served.began - served.arrived, now - served.began);
            busy += u128::from(service);
            place.leave(now, served.arrived, wait, service);
            latency.record(now - served.arrived);
            open.down(now);
            if let Some(arrived) = line.pop_front() {
                place.queue.down(now);
                *served = Served { arrived, began: now };
                departures.push(Event { at: now + exponential(&mut rng, SERVICE_S), who: server });
            } else {
                idle.push(server);
            }
        } else {
            break;
        }
    }
    assert!(busy <= u128::from(now) * servers as u128, "no more servers than that");
    Results { latency, open, places: vec![place] }
}
