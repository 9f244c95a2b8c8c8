//! W3 and W4: the tiered shop by hand.

use std::collections::VecDeque;

use knee::rng::KeyedRng;
use knee::stats::Histogram;

use super::agenda::{Agenda, Event};
use super::books::{Level, Place};
use super::{Lognormal, Results, exponential};

const REPLICAS: usize = 4;
const WORKERS: u32 = 32;
const CACHE_SERVERS: u32 = 64;
const CONNECTIONS: u32 = 40;
const DB_SERVERS: u32 = 8;
const CACHE_S: f64 = 0.5e-3;

/// The primary; the read replicas follow.
const PRIMARY: usize = 0;
const READ_REPLICAS: usize = 2;

/// What the event of a request ends.
#[derive(Clone, Copy, Default)]
enum Step {
    #[default]
    Cpu,
    LookUp,
    Query,
}

/// A request in flight.
#[derive(Clone, Copy, Default)]
struct Request {
    submitted: u64,
    /// Time it waited for a worker.
    web_wait: u64,
    cpu: u64,
    /// When it came to the cache or the database it is at, or to the pool.
    arrived: u64,
    /// When its present work began.
    began: u64,
    /// When it took its connection.
    connected: u64,
    replica: u8,
    database: u8,
    step: Step,
    write: bool,
}

/// Servers, who waits for them, and how long they were busy.
struct Servers {
    idle: u32,
    line: VecDeque<u32>,
    busy: u128,
}

impl Servers {
    fn new(count: u32) -> Self {
        Self { idle: count, line: VecDeque::new(), busy: 0 }
    }

    /// Takes a server, or joins the line.
    #[inline]
    fn ask(&mut self, who: u32) -> bool {
        let free = self.idle > 0;
        if free {
            self.idle -= 1;
        } else {
            self.line.push_back(who);
        }
        free
    }

    /// Gives back a server that was held for `held`; answers who has it now.
    #[inline]
    fn give_back(&mut self, held: u64) -> Option<u32> {
        self.busy += u128::from(held);
        let next = self.line.pop_front();
        self.idle += u32::from(next.is_none());
        next
    }
}

struct Shop {
    now: u64,
    rng: KeyedRng,
    agenda: Agenda,
    requests: Vec<Request>,
    free: Vec<u32>,
    turn: usize,
    cpu: Lognormal,
    query: Lognormal,
    web: [Servers; REPLICAS],
    cache: Servers,
    pool: Servers,
    databases: [Servers; 1 + READ_REPLICAS],
    latency: Histogram,
    open: Level,
    web_book: Place,
    cache_book: Place,
    db_book: Place,
    /// Only waits are kept of the pool; its queue is the requests waiting for a connection.
    pool_wait: Histogram,
    pool_queue: Level,
}

/// W3 at 4,000 requests a second, W4 at 6,000.
pub fn shop(rate: f64, requests: u64, seed: u64) -> Results {
    let mut shop = Shop::new(seed);
    let mut asked = 0;
    let mut arrival = exponential(&mut shop.rng, 1.0 / rate);
    loop {
        let event = shop.agenda.next();
        if arrival < event {
            shop.now = arrival;
            shop.submit();
            asked += 1;
            let gap = exponential(&mut shop.rng, 1.0 / rate);
            arrival = if asked < requests { arrival + gap } else { u64::MAX };
        } else if event < u64::MAX {
            shop.now = event;
            let who = shop.agenda.take();
            shop.go_on(who);
        } else {
            break;
        }
    }
    let pool = Place { wait: shop.pool_wait, queue: shop.pool_queue, ..Place::default() };
    let places = vec![shop.web_book, shop.db_book, shop.cache_book, pool];
    Results { latency: shop.latency, open: shop.open, places }
}

impl Shop {
    fn new(seed: u64) -> Self {
        Self {
            now: 0,
            rng: KeyedRng::new(seed),
            agenda: Agenda::default(),
            requests: Vec::new(),
            free: Vec::new(),
            turn: 0,
            cpu: Lognormal::new(20e-3, 1.0),
            query: Lognormal::new(8e-3, 1.0),
            web: std::array::from_fn(|_| Servers::new(WORKERS)),
            cache: Servers::new(CACHE_SERVERS),
            pool: Servers::new(CONNECTIONS),
            databases: std::array::from_fn(|_| Servers::new(DB_SERVERS)),
            latency: Histogram::new(),
            open: Level::default(),
            web_book: Place::default(),
            cache_book: Place::default(),
            db_book: Place::default(),
            pool_wait: Histogram::new(),
            pool_queue: Level::default(),
        }
    }

    #[inline]
    fn submit(&mut self) {
        let who = self.free.pop().unwrap_or_else(|| {
            self.requests.push(Request::default());
            (self.requests.len() - 1) as u32
        });
        let replica = self.turn;
        self.turn = (self.turn + 1) % REPLICAS;
        let request = &mut self.requests[who as usize];
        (request.submitted, request.replica) = (self.now, replica as u8);
        self.open.up(self.now);
        self.web_book.present.up(self.now);
        if self.web[replica].ask(who) {
            self.compute(who);
        } else {
            self.web_book.queue.up(self.now);
        }
    }

    #[inline]
    fn go_on(&mut self, who: u32) {
        match self.requests[who as usize].step {
            Step::Cpu => self.computed(who),
            Step::LookUp => self.looked_up(who),
            Step::Query => self.queried(who),
        }
    }

    #[inline]
    fn work(&mut self, who: u32, step: Step, work: u64) {
        let request = &mut self.requests[who as usize];
        (request.step, request.began) = (step, self.now);
        self.agenda.push(Event { at: self.now + work, who });
    }

    #[inline]
    fn compute(&mut self, who: u32) {
        let request = &mut self.requests[who as usize];
        request.web_wait = self.now - request.submitted;
        let work = self.cpu.draw(&mut self.rng);
        self.work(who, Step::Cpu, work);
    }

    #[inline]
    fn computed(&mut self, who: u32) {
        let request = &mut self.requests[who as usize];
        request.cpu = self.now - request.began;
        request.write = self.rng.uniform() < 0.2;
        if request.write {
            self.ask_for_connection(who);
            return;
        }
        request.arrived = self.now;
        self.cache_book.present.up(self.now);
        if self.cache.ask(who) {
            self.look_up(who);
        } else {
            self.cache_book.queue.up(self.now);
        }
    }

    #[inline]
    fn look_up(&mut self, who: u32) {
        let work = exponential(&mut self.rng, CACHE_S);
        self.work(who, Step::LookUp, work);
    }

    #[inline]
    fn looked_up(&mut self, who: u32) {
        let Request { arrived, began, .. } = self.requests[who as usize];
        let service = self.now - began;
        self.cache_book.leave(self.now, arrived, began - arrived, service);
        if let Some(next) = self.cache.give_back(service) {
            self.cache_book.queue.down(self.now);
            self.look_up(next);
        }
        if self.rng.uniform() < 0.8 {
            self.answer(who);
        } else {
            self.ask_for_connection(who);
        }
    }

    #[inline]
    fn ask_for_connection(&mut self, who: u32) {
        self.requests[who as usize].arrived = self.now;
        if self.pool.ask(who) {
            self.connect(who);
        } else {
            self.pool_queue.up(self.now);
        }
    }

    #[inline]
    fn connect(&mut self, who: u32) {
        let request = &mut self.requests[who as usize];
        self.pool_wait.record(self.now - request.arrived);
        (request.connected, request.arrived) = (self.now, self.now);
        let database = if request.write { PRIMARY } else { 1 + (self.rng.bits() >> 63) as usize };
        request.database = database as u8;
        self.db_book.present.up(self.now);
        if self.databases[database].ask(who) {
            self.query(who);
        } else {
            self.db_book.queue.up(self.now);
        }
    }

    #[inline]
    fn query(&mut self, who: u32) {
        let work = self.query.draw(&mut self.rng);
        self.work(who, Step::Query, work);
    }

    #[inline]
    fn queried(&mut self, who: u32) {
        let Request { arrived, began, connected, database, .. } = self.requests[who as usize];
        let service = self.now - began;
        self.db_book.leave(self.now, arrived, began - arrived, service);
        if let Some(next) = self.databases[database as usize].give_back(service) {
            self.db_book.queue.down(self.now);
            self.query(next);
        }
        if let Some(next) = self.pool.give_back(self.now - connected) {
            self.pool_queue.down(self.now);
            self.connect(next);
        }
        self.answer(who);
    }

    #[inline]
    fn answer(&mut self, who: u32) {
        let Request { submitted, web_wait, cpu, replica, .. } = self.requests[who as usize];
        self.web_book.leave(self.now, submitted, web_wait, cpu);
        self.latency.record(self.now - submitted);
        self.open.down(self.now);
        self.free.push(who);
        let held = self.now - submitted - web_wait;
        if let Some(next) = self.web[replica as usize].give_back(held) {
            self.web_book.queue.down(self.now);
            self.compute(next);
        }
    }
}
