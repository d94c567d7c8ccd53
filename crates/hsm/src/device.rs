//! One device as the service sees it: a child that a supervisor thread starts, watches, kills and
//! starts again, the sessions of that child, and the breaker in front of them.

use crate::breaker::Breaker;
use crate::catalogue::{Catalogue, read_page};
use crate::failure::{Failure, Verdict};
use crate::message::{Greeting, HeldKey, Request};
use crate::options::{DeviceOptions, HsmOptions};
use crate::pool::Pool;
use crate::process::Process;
use crate::status::HsmStatus;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A device with its supervisor; dropping it ends both.
pub(crate) struct Device {
    shared: Arc<Shared>,
    supervisor: Option<JoinHandle<()>>,
}

struct Shared {
    device: DeviceOptions,
    options: HsmOptions,
    state: Mutex<State>,
    changed: Condvar,
    breaker: Mutex<Breaker>,
    catalogue: Mutex<Catalogue>,
}

#[derive(Default)]
struct State {
    /// The sessions of the child that is ready.
    pool: Option<Arc<Pool>>,
    child: Option<u32>,
    greeting: Option<Greeting>,
    starts: u64,
    last_failure: Option<Failure>,
    /// The device cannot be used until somebody changes something.
    refused: bool,
    closing: bool,
}

impl Device {
    /// Starts the supervisor, which starts a child.
    pub(crate) fn start(device: DeviceOptions, options: HsmOptions) -> Self {
        let breaker = Mutex::new(Breaker::new(options.breaker));
        let (state, catalogue) = (Mutex::default(), Mutex::default());
        let changed = Condvar::new();
        let shared = Arc::new(Shared { device, options, state, changed, breaker, catalogue });
        let supervised = Arc::clone(&shared);
        let supervisor = thread::Builder::new().name("hsm-supervisor".to_owned());
        // Without a thread there is no child; calls then fail within their deadline.
        let supervisor = supervisor.spawn(move || Supervisor::new(supervised).run()).ok();
        Self { shared, supervisor }
    }

    /// Has the device do something, within the deadline whatever happens. Waits for a child that is
    /// being started, and does not ask a device that is left alone.
    pub(crate) fn call(&self, request: &Request<'_>, until: Instant) -> Result<Vec<u8>, Failure> {
        if !lock(&self.shared.breaker).admit(Instant::now()) {
            return Err(self.shared.resting());
        }
        let answer = self.shared.pool(until).and_then(|pool| {
            let answer = pool.call(request, until);
            if answer == Err(Failure::Lost) {
                self.shared.leave(&pool);
            }
            answer
        });
        self.shared.judge(&answer);
        answer
    }

    /// Something that the device said was found out to be wrong.
    pub(crate) fn distrust(&self, failure: &Failure) {
        self.shared.judge(&Err(failure.clone()));
    }

    /// Whether a call would go through, and how many are at work: where the next one goes.
    pub(crate) fn readiness(&self) -> (bool, usize) {
        let admitted = lock(&self.shared.breaker).would_admit(Instant::now());
        let state = lock(&self.shared.state);
        let load = state.pool.as_ref().map(|pool| pool.load());
        (admitted && load.is_some(), load.map_or(0, |load| load.at_work + load.late))
    }

    /// Waits until the device is ready, or cannot be, or the moment has come.
    pub(crate) fn wait_until_settled(&self, until: Instant) {
        let settled = |state: &State| state.pool.is_some() || state.last_failure.is_some();
        self.shared.wait(until, |state| settled(state).then_some(()));
    }

    /// Looks into the token again.
    pub(crate) fn refresh(&self, until: Instant) -> Result<(), Failure> {
        let keys = read_keys(|request| self.call(request, until))?;
        lock(&self.shared.catalogue).replace(keys);
        Ok(())
    }

    /// Works with the keys as last seen.
    pub(crate) fn catalogue<T>(&self, look: impl FnOnce(&mut Catalogue) -> T) -> T {
        look(&mut lock(&self.shared.catalogue))
    }

    pub(crate) fn last_failure(&self) -> Option<Failure> {
        lock(&self.shared.state).last_failure.clone()
    }

    pub(crate) fn status(&self) -> HsmStatus {
        let shared = &self.shared;
        let keys = lock(&shared.catalogue).keys().count();
        let breaker = lock(&shared.breaker).state();
        let state = lock(&shared.state);
        let load = state.pool.as_ref().map(|pool| pool.load()).unwrap_or_default();
        let greeting = state.greeting.as_ref();
        HsmStatus {
            module: shared.device.module.display().to_string(),
            configured: shared.device.token.to_string(),
            token: greeting.map(|greeting| (greeting.token.clone(), greeting.serial.clone())),
            ready: state.pool.is_some(),
            child: state.child,
            restarts: state.starts.saturating_sub(1),
            breaker,
            sessions: state.pool.as_ref().map_or(0, |pool| pool.sessions()),
            in_flight: load.at_work,
            late: load.late,
            keys,
            kinds: greeting.map(|greeting| greeting.kinds.clone()).unwrap_or_default(),
            last_failure: state.last_failure.as_ref().map(Failure::word),
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        lock(&self.shared.state).closing = true;
        self.shared.changed.notify_all();
        if let Some(supervisor) = self.supervisor.take() {
            // A panic in there was told when it happened.
            let _ = supervisor.join();
        }
    }
}

impl Shared {
    /// The sessions, once there are any.
    fn pool(&self, until: Instant) -> Result<Arc<Pool>, Failure> {
        let found = self.wait(until, |state| {
            if state.refused {
                return Some(Err(state.last_failure.clone().unwrap_or(Failure::Resting)));
            }
            state.pool.clone().map(Ok)
        });
        found.unwrap_or_else(|| {
            Err(match lock(&self.state).last_failure.clone() {
                Some(gone @ Failure::Gone(_)) => gone,
                _ => Failure::Transient("its child is being started".to_owned()),
            })
        })
    }

    /// The child behind these sessions has ended, which the supervisor may not have seen yet: who
    /// asks next waits for the next child.
    fn leave(&self, pool: &Arc<Pool>) {
        let mut state = lock(&self.state);
        if state.pool.as_ref().is_some_and(|current| Arc::ptr_eq(current, pool)) {
            state.pool = None;
        }
    }

    /// Waits until there is something to be found, at most until that moment.
    fn wait<T>(&self, until: Instant, mut find: impl FnMut(&State) -> Option<T>) -> Option<T> {
        let mut state = lock(&self.state);
        loop {
            if let Some(found) = find(&state) {
                return Some(found);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || state.closing {
                return None;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn judge(&self, answer: &Result<Vec<u8>, Failure>) {
        let now = Instant::now();
        let verdict = answer.as_ref().err().map_or(Verdict::Works, Failure::verdict);
        match verdict {
            Verdict::Works => return lock(&self.breaker).worked(),
            Verdict::Failed => lock(&self.breaker).failed(now),
            Verdict::Unsound => lock(&self.breaker).open(now),
            Verdict::Nothing => lock(&self.breaker).not_tried(now),
            Verdict::Ended => {}
        }
        if let (Err(failure), Verdict::Failed | Verdict::Unsound) = (answer, verdict) {
            lock(&self.state).last_failure = Some(failure.clone());
        }
    }

    /// Why the breaker is open, in the words of what opened it.
    fn resting(&self) -> Failure {
        match &lock(&self.state).last_failure {
            // What waiting does not mend is told each time.
            Some(lasting @ (Failure::Gone(_) | Failure::Configuration(_))) => lasting.clone(),
            _ => Failure::Resting,
        }
    }
}

/// The thread that owns the child.
struct Supervisor {
    shared: Arc<Shared>,
    /// Children that were killed and live on inside a driver.
    undead: Vec<Process>,
    /// Starts in a row that came to nothing, or to little.
    short_lives: u32,
}

impl Supervisor {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared, undead: Vec::new(), short_lives: 0 }
    }

    fn run(mut self) {
        while !self.is_closing() {
            let started = Instant::now();
            let failure = self.live();
            if started.elapsed() > LONG_LIFE {
                self.short_lives = 0;
            }
            self.undead.retain_mut(|process| !process.kill());
            // Asking again with a wrong PIN would lock the token.
            let refused = matches!(failure, Failure::Configuration(_));
            let rest = if refused { FOR_GOOD } else { self.restart_rest() };
            self.tell_end(failure, refused);
            self.short_lives = self.short_lives.saturating_add(1);
            self.shared.wait(Instant::now() + rest, |state| state.closing.then_some(()));
        }
    }

    /// One child from its start to its end; why it ended.
    fn live(&mut self) -> Failure {
        lock(&self.shared.state).starts += 1;
        let options = &self.shared.options;
        let (process, sockets) = match Process::start(&self.shared.device, options) {
            Ok(started) => started,
            Err(error) => return Failure::Transient(format!("no child: {}", error.kind())),
        };
        let pool = Arc::new(Pool::new(sockets, options.stuck));
        let failure = match self.greet(&process, &pool) {
            Ok(()) => self.watch(&process, &pool),
            Err(failure) => failure,
        };
        // Before the callers hear of it: who asks next waits for the next child.
        lock(&self.shared.state).pool = None;
        self.bury(process);
        pool.end();
        failure
    }

    /// Waits for the child to be ready, looks into its token, and lets the calls come.
    fn greet(&self, process: &Process, pool: &Arc<Pool>) -> Result<(), Failure> {
        lock(&self.shared.state).child = Some(process.id());
        let greeting = self.await_greeting(process)?;
        let until = Instant::now() + self.start_patience();
        let keys = read_keys(|request| pool.call(request, until))?;
        lock(&self.shared.catalogue).replace(keys);
        let mut state = lock(&self.shared.state);
        state.pool = Some(Arc::clone(pool));
        state.greeting = Some(greeting);
        state.refused = false;
        drop(state);
        lock(&self.shared.breaker).renewed(Instant::now());
        self.shared.changed.notify_all();
        Ok(())
    }

    fn await_greeting(&self, process: &Process) -> Result<Greeting, Failure> {
        let until = Instant::now() + self.start_patience();
        while !self.is_closing() && Instant::now() < until {
            match process.greeting(LOOK) {
                Err(Failure::Late) => {}
                heard => return heard,
            }
        }
        Err(Failure::Late)
    }

    /// Stays with the child until it ends, or is of no use: an answer is missing for too long, a
    /// session was closed or answered what nobody asked, or nothing but failures comes, which with
    /// many libraries lasts until they are loaded anew.
    fn watch(&self, process: &Process, pool: &Pool) -> Failure {
        let stuck = self.shared.options.stuck;
        let look = (stuck / 8).clamp(Duration::from_millis(5), LOOK);
        let mut rests = u32::MAX;
        while !process.has_ended_within(look) {
            if self.is_closing() || pool.is_lost() {
                return Failure::Lost;
            }
            if pool.is_stuck() {
                return Failure::Transient("stuck in its library and killed".to_owned());
            }
            let now = lock(&self.shared.breaker).rests();
            rests = rests.min(now);
            if now - rests >= RESTS_MAX {
                return lock(&self.shared.state).last_failure.clone().unwrap_or(Failure::Lost);
            }
        }
        Failure::Lost
    }

    fn bury(&mut self, mut process: Process) {
        if !process.kill() {
            self.undead.push(process);
        }
    }

    fn tell_end(&self, failure: Failure, refused: bool) {
        let started = !matches!(failure, Failure::Gone(_) | Failure::Configuration(_));
        let mut breaker = lock(&self.shared.breaker);
        if started {
            breaker.failed(Instant::now());
        } else {
            breaker.open(Instant::now());
        }
        drop(breaker);
        let mut state = lock(&self.shared.state);
        state.child = None;
        state.refused = refused;
        state.last_failure = Some(failure);
        drop(state);
        self.shared.changed.notify_all();
    }

    /// How long a library may take to come up.
    fn start_patience(&self) -> Duration {
        self.shared.options.stuck * 4
    }

    /// How long to wait before the next start: at first hardly at all, then longer and longer.
    fn restart_rest(&self) -> Duration {
        let doubled = RESTART_MIN.saturating_mul(1 << self.short_lives.min(16));
        doubled.min(RESTART_MAX)
    }

    fn is_closing(&self) -> bool {
        lock(&self.shared.state).closing
    }
}

/// All keys of a token, page by page.
fn read_keys(
    mut call: impl FnMut(&Request<'_>) -> Result<Vec<u8>, Failure>,
) -> Result<Vec<HeldKey>, Failure> {
    let mut keys: Vec<HeldKey> = Vec::new();
    loop {
        let after = keys.last().map_or("", |key| key.info.label.as_str());
        let page = call(&Request::List { after })?;
        let (page, more) = read_page(&page)
            .map_err(|_| Failure::Wrong("its list of keys cannot be read".to_owned()))?;
        let forward = page.first().is_some_and(|key| key.info.label.as_str() > after);
        keys.extend(page);
        if !more || !forward {
            return Ok(keys);
        }
    }
}

// Every change of what is behind these locks is one assignment or one method without a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Rests in a row after which a library is loaded anew.
const RESTS_MAX: u32 = 3;
/// How often a supervisor looks up.
const LOOK: Duration = Duration::from_millis(100);
const RESTART_MIN: Duration = Duration::from_millis(10);
const RESTART_MAX: Duration = Duration::from_secs(10);
/// Until the service itself is started again.
const FOR_GOOD: Duration = Duration::from_secs(u32::MAX as u64);
/// A child that lived so long did not fail at its start.
const LONG_LIFE: Duration = Duration::from_secs(10);
