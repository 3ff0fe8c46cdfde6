//! One machine, second by second: it runs, fails, waits, and counts.

use super::chance::{lognormal, noise, survives};
use super::model::{Drift, Machine, Minor, Product, units_per_min};
use super::record::{Cause, Change, FaultSpan, Reading, Run, Struck};
use super::wear::Wear;
use crate::domain::machine_state::MachineState;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A piece in millionths, so that slow machines add up exactly.
const PIECE: u64 = 1_000_000;
/// Share of scrap of the first pieces after a longer stop, on top of the usual.
const STARTUP_SCRAP: f64 = 0.07;
/// A repair longer than this needs the guard open, and the first pieces after it are start-up scrap.
const LONG_STOP_S: i64 = 300;

/// What the line wants from its machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Produce.
    Run,
    /// Stop where you are; buffers keep what they hold.
    Pause,
    /// Take in nothing new, make what is there, then stop.
    Empty(Cause),
    /// Stand still.
    Stand(Cause),
}

/// What stands before and behind a machine in this second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    /// Pieces that can be taken; `None` for the first machine, which never lacks any.
    pub before: Option<u32>,
    /// Starved until this many are there again.
    pub enough: u32,
    /// Nothing more will come.
    pub last: bool,
    /// Room for pieces; `None` behind the last machine.
    pub room: Option<u32>,
    /// Blocked until there is this much room again.
    pub wide: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// In one of the states of [`Order::Pause`], [`Order::Empty`] (done) or [`Order::Stand`].
    Standing,
    /// Getting going until this second.
    Starting(i64),
    /// Down until this second.
    Down(i64),
    Running,
    Starved,
    Blocked,
}

/// A machine in its day.
pub(super) struct Unit {
    pub machine: &'static Machine,
    seed: u64,
    index: u64,
    rng: ChaCha8Rng,
    wear: Wear,
    /// The next of the failures that are due.
    next_due: usize,
    doing: Doing,
    /// Has stopped because the line is being emptied.
    pub done: bool,
    /// Fault bits and repairs end before this second: the last shift's end.
    end: i64,
    night: (i64, i64),
    part: u64,
    /// Millionths of a piece a second at the present speed.
    rate: u64,
    product: Option<&'static Product>,
    /// 1 right after a start, then fading.
    cold: f64,
    /// Seconds of running since the last stop.
    ran_s: i64,
    scrap_left: f64,
    minor_left: f64,
    minor_hazard: f64,
    prompt_left: f64,
    heat: f64,
    pub made: Reading,
    pub run: Run,
}

impl Unit {
    pub(super) fn new(
        machine: &'static Machine,
        (seed, index): (u64, u64),
        mut rng: ChaCha8Rng,
        wear: Wear,
        (night, end): ((i64, i64), i64),
    ) -> Self {
        let (scrap_left, minor_left, prompt_left) =
            (survives(&mut rng), survives(&mut rng), survives(&mut rng));
        let level = wear.level;
        Self {
            machine,
            seed,
            index,
            rng,
            wear,
            next_due: 0,
            doing: Doing::Standing,
            done: false,
            end,
            night,
            part: 0,
            rate: 0,
            product: None,
            cold: 1.0,
            ran_s: 0,
            scrap_left,
            minor_left,
            minor_hazard: 0.0,
            prompt_left,
            heat: 0.0,
            made: Reading::default(),
            run: Run {
                level,
                ..Run::default()
            },
        }
    }

    /// Another product is on the machine.
    pub(super) fn set_up(&mut self, product: &'static Product) {
        self.product = Some(product);
        self.cold = 1.0;
    }

    /// Pieces a minute at the present speed, 0 when it stands.
    pub(super) fn speed(&self) -> f64 {
        if self.doing == Doing::Running {
            self.rate as f64 * 60.0 / PIECE as f64
        } else {
            0.0
        }
    }

    /// Whether it waits for the machine before it (`Some(true)`) or behind it (`Some(false)`).
    pub(super) fn waits_upstream(&self) -> Option<bool> {
        match self.doing {
            Doing::Starved => Some(true),
            Doing::Blocked => Some(false),
            _ => None,
        }
    }

    /// Once a minute: speed, hazard and temperature for the next minute. `worked` is today's planned production so
    /// far in seconds.
    pub(super) fn refresh(&mut self, second: i64, worked: i64) {
        let Some(product) = self.product else { return };
        let at_night = self.night.0 <= second && second < self.night.1;
        let worn = self.wear.worn((self.wear.age + worked) as f64);
        let drift = self.machine.drift.as_ref();
        // Speed wanders over half an hour around the machine's usual pace; the night crew runs a little slower.
        let bucket = self.wear.age + second / 600;
        let wander = (0..3)
            .map(|n| noise(self.seed, self.index, bucket + n))
            .sum::<f64>()
            / 3.0;
        let slow = drift.map_or(0.0, |d| d.speed_loss * worn.powi(3));
        let pace = (self.machine.pace + 0.03 * wander - if at_night { 0.015 } else { 0.0 })
            .min(1.0)
            * self.wear.level
            * (1.0 - slow);
        let best = f64::from(units_per_min(self.machine, product)) * PIECE as f64 / 60.0;
        self.rate = (best * pace) as u64;
        let crew = if at_night { 1.25 } else { 1.0 };
        self.minor_hazard =
            self.machine.minors_per_h / 3600.0 * product.minors * crew * (1.0 + worn);
        if let Some(drift) = drift {
            self.warm(drift, worn, second);
        }
        self.run.speed.push(self.speed() as f32);
    }

    /// The bearing's temperature follows load and wear within some ten minutes, around the hall's.
    fn warm(&mut self, drift: &Drift, worn: f64, second: i64) {
        let hour = second as f64 / 3600.0;
        let hall = 23.0 + 2.5 * ((hour - 3.0) / 24.0 * std::f64::consts::TAU).sin();
        let aim = if self.doing == Doing::Running {
            drift.healthy_c - 23.0 + drift.rise_c * worn.powi(3)
        } else {
            0.0
        };
        self.heat += (aim - self.heat) * (1.0 - (-60.0_f64 / 600.0).exp());
        let sensor = 0.4 * noise(self.seed, self.index + 1000, self.wear.age + second);
        self.run
            .temperature
            .push((hall + self.heat + sensor) as f32);
        self.run.worn.push(worn as f32);
    }

    fn enter(&mut self, at: i64, state: MachineState, fault: Option<&'static str>, cause: Cause) {
        self.run.enter(Change {
            at,
            state,
            fault,
            cause,
            waits_for: None,
        });
    }

    fn raise(&mut self, code: &'static str, from: i64, to: i64) {
        self.run.faults.push(FaultSpan {
            code,
            from,
            to: to.min(self.end - 1),
        });
    }

    /// One second. Returns how many pieces were taken from before and how many good ones put behind.
    pub(super) fn step(&mut self, now: i64, order: Order, around: Around) -> (u32, u32) {
        match self.doing {
            Doing::Down(until) if now < until => return (0, 0),
            Doing::Starting(until) if now < until && order == Order::Run => return (0, 0),
            _ => {}
        }
        match order {
            Order::Stand(cause) => self.stand(now, cause),
            Order::Pause => self.stand(now, Cause::Break),
            Order::Empty(cause)
                if self.done || (around.last && around.before.unwrap_or(0) == 0) =>
            {
                self.done = true;
                self.stand(now, cause);
            }
            Order::Run if self.doing == Doing::Standing => {
                self.done = false;
                self.start(now);
            }
            Order::Empty(_) | Order::Run => return self.produce(now, around),
        }
        (0, 0)
    }

    fn stand(&mut self, now: i64, cause: Cause) {
        let state = match cause {
            Cause::NotScheduled => MachineState::NotScheduled,
            Cause::Changeover => MachineState::Changeover,
            _ => MachineState::PlannedStop,
        };
        self.doing = Doing::Standing;
        self.ran_s = 0;
        self.enter(now, state, None, cause);
    }

    /// People come back, some late; the machine stands idle and nothing says why.
    fn start(&mut self, now: i64) {
        let late = self.rng.random::<f64>() < 0.06;
        let (median, sigma) = if late { (400.0, 0.25) } else { (35.0, 0.5) };
        let delay = lognormal(&mut self.rng, median, sigma).clamp(5.0, 900.0) as i64;
        self.doing = Doing::Starting(now + delay);
        self.enter(now, MachineState::Idle, None, Cause::Startup);
        if let Some(c) = &self.machine.companions {
            self.raise(c.ready, now, now + delay);
        }
    }

    fn produce(&mut self, now: i64, around: Around) -> (u32, u32) {
        if self.fails(now) {
            return (0, 0);
        }
        let wanted = (self.part + self.rate) / PIECE;
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        let before = around.before.unwrap_or(u32::MAX);
        let room = around.room.unwrap_or(u32::MAX);
        let least = if self.doing == Doing::Starved && !around.last {
            around.enough
        } else {
            wanted.min(1)
        };
        if before < least {
            return self.wait(now, Doing::Starved, MachineState::Starved);
        }
        let least = if self.doing == Doing::Blocked {
            around.wide
        } else {
            wanted.min(1)
        };
        if room < least {
            return self.wait(now, Doing::Blocked, MachineState::Blocked);
        }
        if self.doing != Doing::Running {
            self.doing = Doing::Running;
            self.enter(now, MachineState::Running, None, Cause::Producing);
        }
        self.ran_s += 1;
        self.part = (self.part + self.rate) % PIECE;
        let pieces = wanted.min(before).min(room);
        let scrap = self.grade(pieces);
        self.made.good += pieces - scrap;
        self.made.scrap += scrap;
        (pieces, pieces - scrap)
    }

    fn wait(&mut self, now: i64, doing: Doing, state: MachineState) -> (u32, u32) {
        if self.doing != doing {
            self.doing = doing;
            self.ran_s = 0;
            self.enter(now, state, None, Cause::Waiting);
        }
        (0, 0)
    }

    /// How many of these pieces are scrap: a hazard per piece, higher just after a start.
    fn grade(&mut self, pieces: u32) -> u32 {
        let Some(product) = self.product else {
            return 0;
        };
        if self.machine.scrap == 0.0 {
            return 0;
        }
        // Below a thousandth it no longer matters, and ever smaller numbers are slow to compute with.
        self.cold = if self.cold > 1e-3 {
            self.cold * 0.985
        } else {
            0.0
        };
        let share = self.machine.scrap * product.scrap
            + STARTUP_SCRAP * self.cold * (self.machine.scrap / 0.01).min(1.0);
        self.scrap_left -= f64::from(pieces) * share;
        let mut scrap = 0;
        while self.scrap_left <= 0.0 && scrap < pieces {
            scrap += 1;
            self.scrap_left += survives(&mut self.rng);
        }
        scrap
    }

    /// Whether something stops the machine in this second. Prompts are shown here too and stop nothing.
    fn fails(&mut self, now: i64) -> bool {
        if self.doing != Doing::Running || self.ran_s < 2 {
            return false;
        }
        self.show_prompts(now);
        if let Some((_, life)) = self
            .wear
            .due
            .get(self.next_due)
            .filter(|(at, _)| *at <= now)
            .copied()
        {
            self.next_due += 1;
            self.break_down(now, life);
            return true;
        }
        self.minor_left -= self.minor_hazard;
        if self.minor_left <= 0.0 {
            self.minor_left += survives(&mut self.rng);
            return self.stop_briefly(now);
        }
        false
    }

    fn show_prompts(&mut self, now: i64) {
        if self.machine.prompts.is_empty() {
            return;
        }
        self.prompt_left -= self.machine.prompts_per_h / 3600.0;
        if self.prompt_left <= 0.0 {
            self.prompt_left += survives(&mut self.rng);
            let code = self.machine.prompts[self.rng.random_range(0..self.machine.prompts.len())];
            let shown = lognormal(&mut self.rng, 150.0, 0.6).clamp(20.0, 1200.0) as i64;
            self.raise(code, now, now + shown);
        }
    }

    fn go_down(&mut self, now: i64, seconds: i64) -> i64 {
        let until = (now + seconds).min(self.end - 1).max(now + 1);
        self.doing = Doing::Down(until);
        self.ran_s = 0;
        until
    }

    fn break_down(&mut self, now: i64, life: super::wear::Life) {
        let code = self.machine.modes[life.mode].code;
        let until = self.go_down(now, life.repair_s as i64);
        self.enter(now, MachineState::Stopped, code, Cause::Breakdown);
        self.run.struck.push(Struck {
            at: now,
            until,
            life,
        });
        if let Some(code) = code {
            self.raise(code, now, until);
        }
        if until - now > LONG_STOP_S {
            self.cold = 1.0;
        }
        let Some(companions) = &self.machine.companions else {
            return;
        };
        if code.is_some_and(|c| companions.estop.0.contains(&c)) {
            self.raise(companions.estop.1, now + 15, until);
        } else if until - now > LONG_STOP_S {
            self.raise(companions.guard.0, now + 75, until - 40);
            self.raise(companions.guard.1, until - 90, until - 40);
        }
        self.raise(companions.reset, until - 12, until);
    }

    fn stop_briefly(&mut self, now: i64) -> bool {
        let machine = self.machine;
        let weight: f64 = machine.minors.iter().map(|m| m.weight).sum();
        let mut draw = self.rng.random::<f64>() * weight;
        let Some(minor) = machine.minors.iter().find(|m| {
            draw -= m.weight;
            draw < 0.0
        }) else {
            return false;
        };
        let seconds = lognormal(&mut self.rng, minor.median_s, 0.5).clamp(10.0, 120.0) as i64;
        let until = self.go_down(now, seconds);
        self.enter(now, minor.state, minor.code, Cause::MinorStop);
        self.show_minor(minor, now, until);
        true
    }

    /// Sets the bit of a minor stop, once or chattering.
    fn show_minor(&mut self, minor: &Minor, now: i64, until: i64) {
        let Some(code) = minor.code else { return };
        let times = if minor.chatters {
            self.rng.random_range(2..=4)
        } else {
            1
        };
        let piece = ((until - now) / times).max(2);
        for n in 0..times {
            let from = now + n * piece;
            let to = if n + 1 == times {
                until
            } else {
                from + (piece * 3 / 5).max(1)
            };
            self.raise(code, from, to.min(until));
        }
    }
}
