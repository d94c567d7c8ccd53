//! The store for production: PostgreSQL, over a small pool of connections.
//!
//! Writing transactions are serial over all processes: each takes one advisory lock first, so that
//! places in the ledger are given without gaps and in commit order. What a batch saves in round
//! trips and flushes outweighs the lock. Assumes `synchronous_commit` on, and sets it.

use crate::engine::{Engine, Param, Row, Type, Value};
use crate::migrate::{self, Dialect};
use crate::session::Session;
use crate::tables::Table;
use base::{Label, Moment, Problem, labels};
use ports::{Store, TxWork, ViewWork};
use postgres::error::SqlState;
use postgres::types::{ToSql, Type as PgType};
use postgres::{Client, Config, IsolationLevel, NoTls, Transaction};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The store on PostgreSQL.
pub struct PostgresStore {
    config: Config,
    pool: Mutex<Vec<Client>>,
}

impl PostgresStore {
    /// Connects as `url` says (`postgresql://…` or `key=value …`; a Unix socket or a loopback
    /// address, since the connection carries no TLS) and brings the schema up to date.
    pub fn open(url: &str, at: Moment) -> Result<Self, Problem> {
        let config: Config = url.parse().map_err(problem)?;
        let store = Self { config, pool: Mutex::default() };
        let mut client = store.client()?;
        migrate::run(&mut PostgresMigrations(&mut client), Dialect::Postgresql, at)?;
        store.give_back(client);
        Ok(store)
    }

    /// Types of all columns as the database has them, `table.column` → `bigint|bytea|text`; for
    /// the test that compares them with the column classes.
    pub fn columns(&self) -> Result<Vec<(String, String)>, Problem> {
        let mut client = self.client()?;
        let sql = "SELECT table_name || '.' || column_name, data_type::text \
                   FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1";
        let rows = client.query(sql, &[]).map_err(problem)?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    fn client(&self) -> Result<Client, Problem> {
        let kept = lock(&self.pool).pop();
        match kept {
            Some(client) if !client.is_closed() => Ok(client),
            _ => {
                let mut client = self.config.connect(NoTls).map_err(problem)?;
                client.batch_execute(SESSION_SETTINGS).map_err(problem)?;
                Ok(client)
            }
        }
    }

    fn give_back(&self, client: Client) {
        let mut pool = lock(&self.pool);
        if !client.is_closed() && pool.len() < CONNECTIONS_KEPT_MAX {
            pool.push(client);
        }
    }
}

impl Store for PostgresStore {
    fn kind(&self) -> &'static str {
        "postgresql"
    }

    fn transact(&self, _name: &'static str, work: TxWork<'_>) -> Result<(), Problem> {
        let mut client = self.client()?;
        let done = write_in(&mut client, work);
        self.give_back(client);
        done
    }

    fn snapshot(&self, _name: &'static str, work: ViewWork<'_>) -> Result<(), Problem> {
        let mut client = self.client()?;
        let done = look_in(&mut client, work);
        self.give_back(client);
        done
    }

    fn check_integrity(&self) -> Result<Vec<String>, Problem> {
        let mut client = self.client()?;
        let sql = "SELECT conname::text FROM pg_constraint WHERE NOT convalidated \
                   UNION ALL SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid";
        let rows = client.query(sql, &[]).map_err(problem)?;
        self.give_back(client);
        Ok(rows.iter().map(|row| format!("not valid: {}", row.get::<_, String>(0))).collect())
    }
}

fn write_in(client: &mut Client, work: TxWork<'_>) -> Result<(), Problem> {
    let mut transaction = client.transaction().map_err(problem)?;
    transaction.batch_execute(TAKE_WRITE_LOCK).map_err(problem)?;
    let mut session = Session(PostgresEngine(transaction));
    let done = work(&mut session);
    let transaction = session.0.0;
    match done {
        Ok(()) => transaction.commit().map_err(problem),
        // The refusal is what the caller must hear, not a connection that broke afterwards.
        Err(refused) => transaction.rollback().map_err(problem).and(Err(refused)),
    }
}

fn look_in(client: &mut Client, work: ViewWork<'_>) -> Result<(), Problem> {
    let start = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    let transaction = start.read_only(true).start().map_err(problem)?;
    let mut session = Session(PostgresEngine(transaction));
    let done = work(&mut session);
    session.0.0.rollback().map_err(problem).and(done)
}

struct PostgresEngine<'c>(Transaction<'c>);

impl Engine for PostgresEngine<'_> {
    fn query(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        types: &[Type],
    ) -> Result<Vec<Row>, Problem> {
        let params: Vec<Box<dyn ToSql + Sync + '_>> = params.iter().map(single).collect();
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| &**param as _).collect();
        let rows = self.0.query(sql, &params).map_err(problem)?;
        rows.iter().map(|row| read(row, 0, types)).collect()
    }

    fn look_up(
        &mut self,
        table: &'static Table,
        by: &[&'static str],
        keys: &[Param<'_>],
    ) -> Result<Vec<Option<Row>>, Problem> {
        let columns: Vec<_> = table.columns.iter().map(|(name, _)| format!("t.{name}")).collect();
        let matches: Vec<_> = by.iter().map(|name| format!("t.{name} = k.{name}")).collect();
        let types: Vec<Type> = by.iter().map(|name| table.type_of(name)).collect();
        let sql = format!(
            "SELECT k.n, {} FROM unnest({}) WITH ORDINALITY AS k ({}, n) JOIN {} t ON {}",
            columns.join(", "),
            arrays(&types),
            by.join(", "),
            table.name,
            matches.join(" AND ")
        );
        let mut out = vec![None; keys.len() / by.len()];
        for row in self.run_arrays(&sql, &types, keys)? {
            let at = usize::try_from(row.try_get::<_, i64>(0).map_err(problem)? - 1);
            if let Some(place) = at.ok().and_then(|at| out.get_mut(at)) {
                *place = Some(read(&row, 1, &table.types())?);
            }
        }
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
            "DELETE FROM {} WHERE ({}) IN (SELECT * FROM unnest({}))",
            table.name,
            table.key.join(", "),
            arrays(&types)
        );
        self.run_arrays(&sql, &types, keys).map(|_| ())
    }
}

impl PostgresEngine<'_> {
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
        let statement = self.0.prepare_typed(sql, &kinds).map_err(problem)?;
        self.0.query(&statement, &params).map_err(problem)
    }
}

struct PostgresMigrations<'c>(&'c mut Client);

impl migrate::Target for PostgresMigrations<'_> {
    fn begin(&mut self) -> Result<(), Problem> {
        let table = "CREATE TABLE IF NOT EXISTS migration \
                     (number BIGINT NOT NULL PRIMARY KEY, digest TEXT NOT NULL, at BIGINT NOT NULL)";
        let sql = format!("BEGIN; {TAKE_WRITE_LOCK}; {table}");
        self.0.batch_execute(&sql).map_err(problem)
    }

    fn done(&mut self) -> Result<Vec<(i64, String)>, Problem> {
        let sql = "SELECT number, digest FROM migration ORDER BY number";
        let rows = self.0.query(sql, &[]).map_err(problem)?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    fn apply(&mut self, text: &str, number: i64, digest: &str, at: i64) -> Result<(), Problem> {
        self.0.batch_execute(text).map_err(problem)?;
        let sql = "INSERT INTO migration (number, digest, at) VALUES ($1, $2, $3)";
        self.0.execute(sql, &[&number, &digest, &at]).map_err(problem).map(|_| ())
    }

    fn finish(&mut self, good: bool) -> Result<(), Problem> {
        self.0.batch_execute(if good { "COMMIT" } else { "ROLLBACK" }).map_err(problem)
    }
}

fn single<'a>(param: &'a Param<'a>) -> Box<dyn ToSql + Sync + 'a> {
    match param {
        Param::Int(value) => Box::new(*value),
        Param::Blob(value) => Box::new(*value),
        Param::Text(value) => Box::new(*value),
    }
}

/// Column `at` of rows laid end to end, `width` values each.
fn column<'a>(
    values: &[Param<'a>],
    at: usize,
    width: usize,
    kind: Type,
) -> Box<dyn ToSql + Sync + 'a> {
    let cells = values.iter().skip(at).step_by(width);
    match kind {
        Type::Int => Box::new(cells.map(as_int).collect::<Vec<_>>()),
        Type::Blob => Box::new(cells.map(as_blob).collect::<Vec<_>>()),
        Type::Text => Box::new(cells.map(as_text).collect::<Vec<_>>()),
    }
}

const fn as_int(param: &Param<'_>) -> Option<i64> {
    if let Param::Int(value) = param { *value } else { None }
}

const fn as_blob<'a>(param: &Param<'a>) -> Option<&'a [u8]> {
    if let Param::Blob(value) = param { *value } else { None }
}

const fn as_text<'a>(param: &Param<'a>) -> Option<&'a str> {
    if let Param::Text(value) = param { *value } else { None }
}

const fn array_type(kind: Type) -> PgType {
    match kind {
        Type::Int => PgType::INT8_ARRAY,
        Type::Blob => PgType::BYTEA_ARRAY,
        Type::Text => PgType::TEXT_ARRAY,
    }
}

/// `$1::bigint[], $2::bytea[], …`
fn arrays(types: &[Type]) -> String {
    let name = |kind: &Type| match kind {
        Type::Int => "bigint",
        Type::Blob => "bytea",
        Type::Text => "text",
    };
    let places = (1..).zip(types).map(|(n, kind)| format!("${n}::{}[]", name(kind)));
    places.collect::<Vec<_>>().join(", ")
}

fn read(row: &postgres::Row, skip: usize, types: &[Type]) -> Result<Row, Problem> {
    let columns = (skip..).zip(types);
    columns
        .map(|(at, kind)| {
            Ok(match kind {
                Type::Int => Value::Int(row.try_get(at).map_err(problem)?),
                Type::Blob => Value::Blob(row.try_get(at).map_err(problem)?),
                Type::Text => Value::Text(row.try_get(at).map_err(problem)?),
            })
        })
        .collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an error of PostgreSQL means to a caller. The server's detail can quote row values (all of
/// them sealed or keyed); only the message and the constraint's name are passed on.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn problem(error: postgres::Error) -> Problem {
    let Some(said) = error.as_db_error() else {
        let label =
            if error.is_closed() { &labels::STORE_UNREACHABLE } else { connection_label(&error) };
        return Problem::new(label, error.to_string());
    };
    let label: &'static Label = match said.code() {
        &SqlState::UNIQUE_VIOLATION
        | &SqlState::CHECK_VIOLATION
        | &SqlState::FOREIGN_KEY_VIOLATION
        | &SqlState::NOT_NULL_VIOLATION => &labels::STORE_CONSTRAINT,
        &SqlState::DISK_FULL | &SqlState::OUT_OF_MEMORY => &labels::STORE_FULL,
        &SqlState::T_R_SERIALIZATION_FAILURE
        | &SqlState::T_R_DEADLOCK_DETECTED
        | &SqlState::LOCK_NOT_AVAILABLE
        | &SqlState::QUERY_CANCELED => &labels::STORE_BUSY,
        &SqlState::ADMIN_SHUTDOWN
        | &SqlState::CRASH_SHUTDOWN
        | &SqlState::CANNOT_CONNECT_NOW
        | &SqlState::TOO_MANY_CONNECTIONS => &labels::STORE_UNREACHABLE,
        _ => &labels::STORE_BROKEN,
    };
    let constraint = said.constraint().map(|name| format!(" ({name})")).unwrap_or_default();
    Problem::new(label, format!("{}{constraint}", said.message()))
}

fn connection_label(error: &postgres::Error) -> &'static Label {
    let text = error.to_string();
    let unreachable = ["connecting", "communicating", "timed out"];
    if unreachable.iter().any(|word| text.contains(word)) {
        &labels::STORE_UNREACHABLE
    } else {
        &labels::STORE_BROKEN
    }
}

const CONNECTIONS_KEPT_MAX: usize = 8;

/// The one lock of writing transactions; the number is the word "seki" in ASCII.
const TAKE_WRITE_LOCK: &str = "SELECT pg_advisory_xact_lock(1936026473)";

/// Look-ups are by key, whatever the planner thinks of a table it has no statistics of yet.
const SESSION_SETTINGS: &str = "SET synchronous_commit = on; SET lock_timeout = '20s'; \
    SET statement_timeout = '120s'; SET plan_cache_mode = force_generic_plan; \
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";
