//! The sessions of one child: a socket each, and whoever takes one has the session behind it to
//! himself. So an answer goes from the child's thread straight to the thread that waits for it.
//!
//! A session whose answer did not come in time is set aside until it comes: nobody else hears it.
//! The child's end closes all sockets, which wakes everybody who waits.

use crate::failure::Failure;
use crate::message::{Request, decode_answer};
use crate::wire::MESSAGE_MAX;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send, sockopt};
use rustix::time::{ClockId, clock_gettime};
use std::os::fd::OwnedFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use zeroize::{Zeroize, Zeroizing};

/// All sessions of a child.
pub(crate) struct Pool {
    state: Mutex<State>,
    changed: Condvar,
    sessions: usize,
    /// How long an answer may be missing.
    stuck: Duration,
}

struct State {
    idle: Vec<Session>,
    /// Answers are missing here, which must come before these moments.
    late: Vec<(Session, Instant)>,
    /// The token gave the child no session for these; they are tried again after these moments.
    benched: Vec<(Session, Instant)>,
    /// When the answer that each session is at work on must have come.
    at_work: Vec<Option<Instant>>,
    lost: bool,
}

struct Session {
    index: usize,
    socket: OwnedFd,
    /// The number of the last request.
    last: u64,
    buffer: Zeroizing<Vec<u8>>,
}

/// How many calls are at work, and how many owe a late answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Load {
    pub(crate) at_work: usize,
    pub(crate) late: usize,
}

enum Heard {
    Answer(Result<Vec<u8>, Failure>),
    Nothing,
    End,
}

impl Pool {
    pub(crate) fn new(sockets: Vec<OwnedFd>, stuck: Duration) -> Self {
        let sessions = sockets.len();
        let ready = |(index, socket)| {
            // Without it, waiting ends with the deadline all the same, by one more system call.
            let _ = sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(TICK));
            Session { index, socket, last: 0, buffer: Zeroizing::new(vec![0; MESSAGE_MAX]) }
        };
        let state = State {
            // Handed out from the end: the first session is the one that has always got one.
            idle: sockets.into_iter().enumerate().rev().map(ready).collect(),
            late: Vec::new(),
            benched: Vec::new(),
            at_work: vec![None; sessions],
            lost: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), sessions, stuck }
    }

    /// Has the request worked on, until the deadline at most.
    pub(crate) fn call(&self, request: &Request<'_>, until: Instant) -> Result<Vec<u8>, Failure> {
        let mut without = None;
        loop {
            let mut session = match self.take(request, until) {
                Ok(session) => session,
                Err(failure) => return Err(without.unwrap_or(failure)),
            };
            match session.exchange(request, until) {
                Heard::Answer(Err(failure @ Failure::NoSession(_))) => {
                    self.give_back(session, |state, session, _| {
                        state.benched.push((session, Instant::now() + BENCH));
                    });
                    without = Some(failure);
                }
                Heard::Answer(answer) => {
                    self.give_back(session, |state, session, _| state.idle.push(session));
                    return answer;
                }
                Heard::Nothing => {
                    self.give_back(session, |state, session, due| {
                        state.late.push((session, due));
                    });
                    return Err(Failure::Late);
                }
                Heard::End => {
                    self.end();
                    return Err(Failure::Lost);
                }
            }
        }
    }

    /// Nobody will answer any more.
    pub(crate) fn end(&self) {
        self.lock().lost = true;
        self.changed.notify_all();
    }

    /// Whether nobody answers here any more, though the child may live on.
    pub(crate) fn is_lost(&self) -> bool {
        self.lock().lost
    }

    /// Takes in the answers that came late; whether one is missing for too long.
    pub(crate) fn is_stuck(&self) -> bool {
        let mut state = self.lock();
        if state.recover() {
            self.changed.notify_all();
        }
        let late = state.late.iter().map(|(_, due)| *due);
        let now = Instant::now();
        late.chain(state.at_work.iter().copied().flatten()).any(|due| due < now)
    }

    pub(crate) fn load(&self) -> Load {
        let state = self.lock();
        Load { at_work: state.at_work.iter().flatten().count(), late: state.late.len() }
    }

    pub(crate) fn sessions(&self) -> usize {
        self.sessions
    }

    /// A session for one call.
    fn take(&self, request: &Request<'_>, until: Instant) -> Result<Session, Failure> {
        let mut state = self.lock();
        loop {
            if state.lost {
                return Err(Failure::Lost);
            }
            if state.idle.is_empty() {
                state.recover();
            }
            if let Some(session) = state.idle.pop() {
                let patience = self.stuck * request.length();
                state.at_work[session.index] = Some(Instant::now() + patience);
                return Ok(session);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Failure::Busy);
            }
            // Late answers and benched sessions announce themselves to nobody.
            let waited = self.changed.wait_timeout(state, left.min(TICK));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn give_back(&self, session: Session, place: impl FnOnce(&mut State, Session, Instant)) {
        let mut state = self.lock();
        let due = state.at_work[session.index].take().unwrap_or_else(Instant::now);
        place(&mut state, session, due);
        drop(state);
        self.changed.notify_one();
    }

    // Every change is one assignment or one move: a panic elsewhere leaves the state whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Makes idle what has answered late or sat long enough; whether there was any.
    fn recover(&mut self) -> bool {
        let (idle, now) = (self.idle.len(), Instant::now());
        for (mut session, due) in std::mem::take(&mut self.late) {
            match session.hear(RecvFlags::DONTWAIT) {
                Heard::Answer(_) => self.idle.push(session),
                Heard::Nothing => self.late.push((session, due)),
                Heard::End => self.lost = true,
            }
        }
        for (session, until) in std::mem::take(&mut self.benched) {
            if now >= until {
                self.idle.push(session);
            } else {
                self.benched.push((session, until));
            }
        }
        self.idle.len() > idle
    }
}

impl Session {
    fn exchange(&mut self, request: &Request<'_>, until: Instant) -> Heard {
        self.last += 1;
        let message = request.encode(self.last, until_us(until));
        loop {
            match send(&self.socket, &message, SendFlags::NOSIGNAL) {
                Ok(_) => break,
                Err(Errno::INTR) => {}
                Err(_) => return Heard::End,
            }
        }
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let heard = if left > TICK {
                self.hear(RecvFlags::empty())
            } else if self.is_readable_within(left) {
                self.hear(RecvFlags::DONTWAIT)
            } else {
                return Heard::Nothing;
            };
            if !matches!(heard, Heard::Nothing) {
                return heard;
            }
        }
    }

    /// The answer to the last request, if it is there.
    fn hear(&mut self, flags: RecvFlags) -> Heard {
        let length = match recv(&self.socket, &mut self.buffer[..], flags) {
            Ok((_, 0)) => return Heard::End,
            Ok((_, length)) => length,
            Err(Errno::INTR | Errno::AGAIN) => return Heard::Nothing,
            Err(_) => return Heard::End,
        };
        let heard = match decode_answer(&self.buffer[..length]) {
            Ok((id, answer)) if id == self.last => Heard::Answer(answer),
            // A child that answers what nobody asked is not listened to any more.
            _ => Heard::End,
        };
        self.buffer[..length].zeroize();
        heard
    }

    fn is_readable_within(&self, left: Duration) -> bool {
        let timeout = Timespec::try_from(left).ok();
        let mut sockets = [PollFd::new(&self.socket, PollFlags::IN)];
        poll(&mut sockets, timeout.as_ref()).is_ok_and(|ready| ready > 0)
    }
}

/// Microseconds of the monotonic clock, which parent and child share.
pub(crate) fn monotonic_us() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000 + now.tv_nsec as u64 / 1_000
}

fn until_us(until: Instant) -> u64 {
    monotonic_us() + until.saturating_duration_since(Instant::now()).as_micros() as u64
}

/// The longest that anybody waits without looking up.
const TICK: Duration = Duration::from_millis(20);
/// After which a session that the token refused is tried again.
const BENCH: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::encode_answer;
    use crate::process::sockets;

    const LIST: Request<'_> = Request::List { after: "" };

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(30)
    }

    /// A pool of one session that owes its first answer, and the end of a child that owes it.
    fn late() -> (Pool, OwnedFd) {
        let (ours, theirs) = sockets().unwrap();
        let pool = Pool::new(vec![ours], Duration::from_secs(60));
        assert_eq!(pool.call(&LIST, soon()), Err(Failure::Late));
        assert_eq!(pool.call(&LIST, soon()), Err(Failure::Busy), "nobody else has the session");
        assert_eq!(pool.load(), Load { at_work: 0, late: 1 });
        (pool, theirs)
    }

    fn say(end: &OwnedFd, bytes: &[u8]) {
        send(end, bytes, SendFlags::NOSIGNAL).unwrap();
    }

    #[test]
    fn a_late_answer_frees_its_session_and_goes_to_nobody() {
        let (pool, child) = late();
        say(&child, &encode_answer(1, &Ok(b"late".to_vec())));
        assert!(!pool.is_stuck() && !pool.is_lost());
        say(&child, &encode_answer(2, &Ok(b"heard".to_vec())));
        assert_eq!(pool.call(&LIST, soon()), Ok(b"heard".to_vec()));
        assert_eq!(pool.load(), Load::default());
    }

    #[test]
    fn whoever_answers_what_nobody_asked_is_not_listened_to_again() {
        let torn = encode_answer(1, &Ok(Vec::new()));
        for said in [&encode_answer(2, &Ok(Vec::new()))[..], b"babble", &torn[..8], &[]] {
            let (pool, child) = late();
            say(&child, said);
            assert!(!pool.is_lost());
            pool.is_stuck();
            assert!(pool.is_lost(), "{said:?}");
            assert_eq!(pool.call(&LIST, soon()), Err(Failure::Lost));
        }
    }

    #[test]
    fn a_session_that_was_closed_is_the_end_of_all() {
        let (pool, child) = late();
        drop(child);
        pool.is_stuck();
        assert!(pool.is_lost());
        let (ours, theirs) = sockets().unwrap();
        drop(theirs);
        let pool = Pool::new(vec![ours], Duration::from_secs(60));
        assert_eq!(pool.call(&LIST, soon()), Err(Failure::Lost));
        assert!(pool.is_lost());
    }

    #[test]
    fn a_session_that_owes_an_answer_too_long_is_stuck() {
        let (ours, _theirs) = sockets().unwrap();
        let pool = Pool::new(vec![ours], Duration::ZERO);
        assert!(!pool.is_stuck());
        assert_eq!(pool.call(&LIST, soon()), Err(Failure::Late));
        assert!(pool.is_stuck() && !pool.is_lost());
    }
}
