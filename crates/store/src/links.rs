//! Connections to PostgreSQL: made, kept, lent, and replaced when they break.
//!
//! Owns the session settings and the statements prepared on each connection. A connection goes
//! back only after its transaction has ended; whatever happens in between, it is closed instead,
//! and the server rolls back.

use crate::postgresql::problem;
use base::{Problem, Remedy, labels};
use postgres::config::Host;
use postgres::types::Type;
use postgres::{Client, Config, NoTls, SimpleQueryMessage, Statement};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A connection and what is prepared on it.
pub(crate) struct Link {
    pub(crate) client: Client,
    statements: HashMap<String, Statement>,
}

impl Link {
    pub(crate) fn connect(config: &Config) -> Result<Self, Problem> {
        let mut client = config.connect(NoTls).map_err(problem)?;
        client.batch_execute(SESSION_SETTINGS).map_err(problem)?;
        Ok(Self { client, statements: HashMap::new() })
    }

    /// Opens a transaction with `start`, on the link kept or, if that has broken since (a restart,
    /// a failover), on a new one. Answers with the first value that `start` selects last.
    pub(crate) fn begin(
        config: &Config,
        kept: Option<Self>,
        start: &str,
    ) -> Result<(Self, Option<String>), Problem> {
        if let Some(mut link) = kept.filter(|link| !link.client.is_closed()) {
            match link.run(start) {
                Err(gone) if gone.label() == labels::STORE_UNREACHABLE.text => {}
                done => return done.map(|said| (link, said)),
            }
        }
        let mut link = Self::connect(config)?;
        let said = link.run(start)?;
        Ok((link, said))
    }

    /// Runs statements in one round trip; answers with the first value of the last row.
    pub(crate) fn run(&mut self, sql: &str) -> Result<Option<String>, Problem> {
        let said = self.client.simple_query(sql).map_err(problem)?;
        let last = said.iter().rev().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).map(str::to_owned)),
            _ => None,
        });
        Ok(last.flatten())
    }

    /// The statement, prepared once per connection.
    pub(crate) fn statement(&mut self, sql: &str, types: &[Type]) -> Result<Statement, Problem> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare_typed(sql, types).map_err(problem)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// A bounded pool: at most [`LINKS_MAX`] links exist at a time.
pub(crate) struct Pool {
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    idle: Vec<Link>,
    lent: usize,
}

/// The right to one link of the pool, and the link itself while nobody uses it.
pub(crate) struct Lent<'p> {
    pool: &'p Pool,
    pub(crate) link: Option<Link>,
}

impl Pool {
    pub(crate) fn new() -> Self {
        let state = State { idle: Vec::new(), lent: 0 };
        Self { state: Mutex::new(state), returned: Condvar::new() }
    }

    /// Waits for a place in the pool; `store_busy` if none comes free in time.
    pub(crate) fn take(&self) -> Result<Lent<'_>, Problem> {
        let full = |state: &mut State| state.lent >= LINKS_MAX;
        let waited = self.returned.wait_timeout_while(lock(&self.state), TAKE_WAIT_MAX, full);
        let (mut state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(Problem::new(&labels::STORE_BUSY, "all connections are in use"));
        }
        state.lent += 1;
        Ok(Lent { pool: self, link: state.idle.pop() })
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.pool.state);
        state.lent -= 1;
        state.idle.extend(self.link.take());
        drop(state);
        self.pool.returned.notify_one();
    }
}

/// What a URL says, completed. The connection carries no TLS, so it must not leave the machine.
pub(crate) fn config(url: &str) -> Result<Config, Problem> {
    let malformed = |detail: &str| Problem::new(&labels::CONFIG_MALFORMED, detail);
    let mut config: Config = url.parse().map_err(|_| malformed("the store's URL"))?;
    let near = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
    };
    let addresses_near = config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    if !config.get_hosts().iter().all(near) || !addresses_near {
        return Err(malformed("the store must be reached by a Unix socket or a loopback address"));
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    Ok(config)
}

/// Tries again while the server cannot be reached, until `wait` is over.
pub(crate) fn patiently<T>(
    wait: Duration,
    mut attempt: impl FnMut() -> Result<T, Problem>,
) -> Result<T, Problem> {
    let end = Instant::now() + wait;
    loop {
        match attempt() {
            Err(problem) if problem.remedy() == Remedy::Again && Instant::now() < end => {
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const LINKS_MAX: usize = 8;
const TAKE_WAIT_MAX: Duration = Duration::from_secs(20);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// Every commit waits for the disk, and no statement waits for ever, where the server's own
/// settings (or the URL's) do not say more. Look-ups are by key, whatever the planner thinks of a
/// table that it has no statistics of yet.
const SESSION_SETTINGS: &str = "
    SELECT set_config('synchronous_commit', 'on', false)
      WHERE current_setting('synchronous_commit') IN ('off', 'local');
    SELECT set_config('lock_timeout', '20s', false) WHERE current_setting('lock_timeout') = '0';
    SELECT set_config('statement_timeout', '120s', false)
      WHERE current_setting('statement_timeout') = '0';
    SET plan_cache_mode = force_generic_plan; SET jit = off;
    SET enable_seqscan = off; SET enable_bitmapscan = off;
    SET enable_hashjoin = off; SET enable_mergejoin = off";
