//! The store for production: PostgreSQL, over a small pool of connections.
//!
//! Writing transactions are serial over all processes: each takes one advisory lock first, so that
//! places in the ledger are given without gaps and in commit order. What a batch saves in round
//! trips and flushes outweighs the lock. Each leaves a mark, by which a commit whose answer was
//! lost is found to have gone through or not. Assumes PostgreSQL 13 or newer.

use crate::engine::{Engine, Param, Row, Type};
use crate::links::{Link, Pool, config, lock, patiently};
use crate::migrate::{self, Dialect};
use crate::pg_values::{array_type, arrays, column, read, single};
use crate::session::Session;
use crate::tables::Table;
use base::{Label, Moment, Problem, labels};
use ports::{Store, TxWork, ViewWork};
use postgres::Config;
use postgres::error::SqlState;
use postgres::types::{ToSql, Type as PgType};
use std::error::Error as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The store on PostgreSQL.
pub struct PostgresStore {
    config: Config,
    writer: Mutex<Option<Link>>,
    readers: Pool,
    /// Tells this opening of the store from every other one.
    instance: String,
    commits: AtomicU64,
}

impl PostgresStore {
    /// Connects as `url` says (`postgresql://…` or `key=value …`; a Unix socket or a loopback
    /// address, since the connection carries no TLS) and brings the schema up to date.
    pub fn open(url: &str, at: Moment) -> Result<Self, Problem> {
        let config = config(url)?;
        let mut link = Link::connect(&config)?;
        migrate::run(&mut PostgresMigrations(&mut link), Dialect::Postgresql, at)?;
        let instance = link.run("SELECT gen_random_uuid()")?.unwrap_or_default();
        Ok(Self {
            config,
            writer: Mutex::new(Some(link)),
            readers: Pool::new(),
            instance,
            commits: AtomicU64::new(0),
        })
    }

    /// Types of all columns as the database has them, in order, `table.column` →
    /// `bigint|bytea|text`; for the test that compares them with the column classes.
    pub fn columns(&self) -> Result<Vec<(String, String)>, Problem> {
        let sql = "SELECT table_name || '.' || column_name, data_type::text \
                   FROM information_schema.columns WHERE table_schema = current_schema() \
                   ORDER BY table_name, ordinal_position";
        self.look(|link| {
            let rows = link.client.query(sql, &[]).map_err(problem)?;
            Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
        })
    }

    fn look<T>(&self, work: impl FnOnce(&mut Link) -> Result<T, Problem>) -> Result<T, Problem> {
        let mut lent = self.readers.take()?;
        let (mut link, _) = Link::begin(&self.config, lent.link.take(), BEGIN_LOOKING)?;
        let done = work(&mut link);
        lent.link = link.run("COMMIT").is_ok().then_some(link);
        done
    }

    /// Whether a commit whose answer was lost went through: its mark is there, or the one before
    /// it still is. The lock waits for a server process that may be at it yet.
    fn settle(&self, mark: &str, before: Option<&str>, lost: Problem) -> Result<(), Problem> {
        let asked = patiently(SETTLE_WAIT, || {
            let (mut link, stands) = Link::begin(&self.config, None, BEGIN_WRITING)?;
            link.run("ROLLBACK")?;
            Ok(stands)
        });
        match asked {
            Ok(stands) if stands.as_deref() == Some(mark) => Ok(()),
            Ok(stands) if stands.as_deref() == before => Err(lost),
            _ => Err(Problem::new(&labels::STORE_BROKEN, "whether the commit stands is unknown")),
        }
    }
}

impl Store for PostgresStore {
    fn kind(&self) -> &'static str {
        "postgresql"
    }

    fn transact(&self, _name: &'static str, work: TxWork<'_>) -> Result<(), Problem> {
        let mut writer = lock(&self.writer);
        let (mut link, before) = Link::begin(&self.config, writer.take(), BEGIN_WRITING)?;
        let done = Session::run(PostgresEngine(&mut link), |session| work(session));
        if let Err(refused) = done {
            // The refusal is what the caller must hear, not a connection that broke afterwards.
            *writer = link.run("ROLLBACK").is_ok().then_some(link);
            return Err(refused);
        }
        let number = self.commits.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}/{number}", self.instance);
        match link.run(&commit_leaving(&mark)) {
            Ok(_) => {
                *writer = Some(link);
                Ok(())
            }
            Err(lost) if lost.label() == labels::STORE_UNREACHABLE.text => {
                drop(link);
                self.settle(&mark, before.as_deref(), lost)
            }
            Err(refused) => Err(refused),
        }
    }

    fn snapshot(&self, _name: &'static str, work: ViewWork<'_>) -> Result<(), Problem> {
        self.look(|link| Session::run(PostgresEngine(link), |session| work(session)))
    }

    fn check_integrity(&self) -> Result<Vec<String>, Problem> {
        self.look(|link| {
            let triggers = migrate::triggers(Dialect::Postgresql);
            let rows = link.client.query(FAULTS, &[&triggers]).map_err(problem)?;
            let mut faults: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            Session::run(PostgresEngine(link), |session| {
                faults.extend(session.holder_faults()?);
                faults.extend(session.authority_faults()?);
                Ok(())
            })?;
            Ok(faults)
        })
    }
}

struct PostgresEngine<'c>(&'c mut Link);

impl Engine for PostgresEngine<'_> {
    fn query(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        types: &[Type],
    ) -> Result<Vec<Row>, Problem> {
        let params: Vec<Box<dyn ToSql + Sync + '_>> = params.iter().map(single).collect();
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| &**param as _).collect();
        let statement = self.0.statement(sql, &[])?;
        let rows = self.0.client.query(&statement, &params).map_err(problem)?;
        rows.iter().map(|row| read(row, 0, types)).collect()
    }

    fn look_up(
        &mut self,
        table: &'static Table,
        by: &[&'static str],
        keys: &[Param<'_>],
    ) -> Result<Vec<Option<Row>>, Problem> {
        let mut out = vec![None; keys.len() / by.len()];
        self.each_row(table, by, keys, " LIMIT 1", |at, row| {
            if let Some(place) = out.get_mut(at) {
                *place = Some(row);
            }
        })?;
        Ok(out)
    }

    fn look_up_all(
        &mut self,
        table: &'static Table,
        by: &[&'static str],
        keys: &[Param<'_>],
    ) -> Result<Vec<Vec<Row>>, Problem> {
        let mut out = vec![Vec::new(); keys.len() / by.len()];
        let order = format!(" ORDER BY {}", table.key.join(", "));
        self.each_row(table, by, keys, &order, |at, row| {
            if let Some(place) = out.get_mut(at) {
                place.push(row);
            }
        })?;
        Ok(out)
    }

    fn write(&mut self, table: &'static Table, values: &[Param<'_>]) -> Result<(), Problem> {
        let types = table.types();
        let sql = format!(
            "INSERT INTO {} ({}) SELECT * FROM unnest({}){}",
            table.name,
            table.column_list(),
            arrays(&types),
            table.conflict_clause()
        );
        self.run_arrays(&sql, &types, values).map(|_| ())
    }

    fn delete(&mut self, table: &'static Table, keys: &[Param<'_>]) -> Result<(), Problem> {
        let types: Vec<Type> = table.key.iter().map(|name| table.type_of(name)).collect();
        let sql = format!(
            "DELETE FROM {} WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM unnest({}) AS k ({}) {}))",
            table.name,
            arrays(&types),
            table.key.join(", "),
            each_by_key(table, table.key, "ctid", " LIMIT 1")
        );
        self.run_arrays(&sql, &types, keys).map(|_| ())
    }
}

impl PostgresEngine<'_> {
    /// Hands over the rows of each key, with the key's place in the question.
    fn each_row(
        &mut self,
        table: &'static Table,
        by: &[&'static str],
        keys: &[Param<'_>],
        tail: &str,
        mut take: impl FnMut(usize, Row),
    ) -> Result<(), Problem> {
        let types: Vec<Type> = by.iter().map(|name| table.type_of(name)).collect();
        let sql = format!(
            "SELECT k.n, t.* FROM unnest({}) WITH ORDINALITY AS k ({}, n) {}",
            arrays(&types),
            by.join(", "),
            each_by_key(table, by, &table.column_list(), tail)
        );
        for row in self.run_arrays(&sql, &types, keys)? {
            let at = row.try_get::<_, i64>(0).map_err(problem)? - 1;
            take(usize::try_from(at).unwrap_or(usize::MAX), read(&row, 1, &table.types())?);
        }
        Ok(())
    }

    /// Runs a statement whose parameters are one array per column.
    fn run_arrays(
        &mut self,
        sql: &str,
        types: &[Type],
        values: &[Param<'_>],
    ) -> Result<Vec<postgres::Row>, Problem> {
        let columns = types.iter().enumerate();
        let arrays: Vec<Box<dyn ToSql + Sync + '_>> =
            columns.map(|(at, kind)| column(values, at, types.len(), *kind)).collect();
        let params: Vec<&(dyn ToSql + Sync)> = arrays.iter().map(|array| &**array as _).collect();
        let kinds: Vec<PgType> = types.iter().map(|kind| array_type(*kind)).collect();
        let statement = self.0.statement(sql, &kinds)?;
        self.0.client.query(&statement, &params).map_err(problem)
    }
}

/// For each key of `k`, its rows as `tail` says: one search in the index per key. A plain join
/// would leave the choice to the planner, who may think a table empty that has grown since.
fn each_by_key(table: &Table, by: &[&str], columns: &str, tail: &str) -> String {
    let matches: Vec<_> = by.iter().map(|name| format!("{name} = k.{name}")).collect();
    format!(
        "CROSS JOIN LATERAL (SELECT {columns} FROM {} WHERE {}{tail}) AS t",
        table.name,
        matches.join(" AND ")
    )
}

struct PostgresMigrations<'c>(&'c mut Link);

impl migrate::Target for PostgresMigrations<'_> {
    fn begin(&mut self, table: &str) -> Result<(), Problem> {
        self.0.run(&format!("{BEGIN_LOCKED}; {table}")).map(|_| ())
    }

    fn done(&mut self) -> Result<Vec<(i64, String)>, Problem> {
        let sql = "SELECT number, digest FROM migration ORDER BY number";
        let rows = self.0.client.query(sql, &[]).map_err(problem)?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    fn apply(&mut self, text: &str, number: i64, digest: &str, at: i64) -> Result<(), Problem> {
        self.0.client.batch_execute(text).map_err(problem)?;
        let sql = "INSERT INTO migration (number, digest, at) VALUES ($1, $2, $3)";
        self.0.client.execute(sql, &[&number, &digest, &at]).map_err(problem).map(|_| ())
    }

    fn finish(&mut self, good: bool) -> Result<(), Problem> {
        self.0.client.batch_execute(if good { "COMMIT" } else { "ROLLBACK" }).map_err(problem)
    }
}

/// Commits, in one round trip with the mark that says so.
fn commit_leaving(mark: &str) -> String {
    format!(
        "INSERT INTO setting (name, value) VALUES ('commit_mark', '{mark}') \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value; COMMIT"
    )
}

/// What an error of PostgreSQL means to a caller. The server's detail can quote row values (all of
/// them sealed or keyed); only the message and the constraint's name are passed on.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(crate) fn problem(error: postgres::Error) -> Problem {
    let Some(said) = error.as_db_error() else {
        let io = error.source().is_some_and(|cause| cause.is::<std::io::Error>());
        let gone = io || error.is_closed();
        let label = if gone { &labels::STORE_UNREACHABLE } else { &labels::STORE_BROKEN };
        return Problem::new(label, error.to_string());
    };
    let label: &'static Label = match said.code() {
        &SqlState::UNIQUE_VIOLATION
        | &SqlState::CHECK_VIOLATION
        | &SqlState::FOREIGN_KEY_VIOLATION
        | &SqlState::NOT_NULL_VIOLATION => &labels::STORE_CONSTRAINT,
        &SqlState::DISK_FULL => &labels::STORE_FULL,
        &SqlState::T_R_SERIALIZATION_FAILURE
        | &SqlState::T_R_DEADLOCK_DETECTED
        | &SqlState::LOCK_NOT_AVAILABLE
        | &SqlState::OUT_OF_MEMORY
        | &SqlState::QUERY_CANCELED => &labels::STORE_BUSY,
        &SqlState::ADMIN_SHUTDOWN
        | &SqlState::CRASH_SHUTDOWN
        | &SqlState::CANNOT_CONNECT_NOW
        | &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        | &SqlState::IDLE_SESSION_TIMEOUT
        | &SqlState::READ_ONLY_SQL_TRANSACTION
        | &SqlState::TOO_MANY_CONNECTIONS => &labels::STORE_UNREACHABLE,
        _ => &labels::STORE_BROKEN,
    };
    let constraint = said.constraint().map(|name| format!(" ({name})")).unwrap_or_default();
    Problem::new(label, format!("{}{constraint}", said.message()))
}

/// Waits for the one lock of writing transactions; the number is the word "seki" in ASCII. Each
/// statement after it must see what was committed meanwhile, whatever the server's default is.
const BEGIN_LOCKED: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(1936026473)";
const BEGIN_WRITING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; \
    SELECT pg_advisory_xact_lock(1936026473); \
    SELECT value FROM setting WHERE name = 'commit_mark'";
const BEGIN_LOOKING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How long to wait for a server that restarts before a commit's fate is given up.
const SETTLE_WAIT: Duration = Duration::from_secs(30);

/// Constraints and indexes that do not hold, triggers of the final tables that do not fire, damaged
/// pages, and a server that acknowledges what is not on the disk.
const FAULTS: &str = "
    SELECT 'not valid: ' || conname FROM pg_constraint WHERE NOT convalidated
    UNION ALL SELECT 'not valid: ' || indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid
    UNION ALL SELECT 'does not fire: ' || tgname FROM pg_trigger WHERE tgenabled NOT IN ('O', 'A')
    UNION ALL SELECT 'does not fire: ' || name FROM unnest($1::text[]) AS wanted (name)
      WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = name)
    UNION ALL SELECT 'damaged pages: ' || checksum_failures FROM pg_stat_database
      WHERE datname = current_database() AND checksum_failures > 0
    UNION ALL SELECT 'the server runs with ' || name || ' = off' FROM pg_settings
      WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'";
