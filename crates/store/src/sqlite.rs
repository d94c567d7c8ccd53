//! The embedded store: one SQLite file in WAL mode, one writer, a few readers.
//!
//! Durable on return: `synchronous = FULL` makes every commit wait for the disk. Assumes a local
//! file system; a network file system has no locks that SQLite can trust.

use crate::checkpointer::Checkpointer;
use crate::engine::{Engine, Param, Row, Type, Value};
use crate::links::lock;
use crate::migrate::{self, Dialect};
use crate::session::Session;
use crate::tables::Table;
use base::{Label, Moment, Problem, labels};
use ports::{Store, TxWork, ViewWork};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement, ffi};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// How the file is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// Whether to create the file; an existing one is then refused (`already_initialised`).
    pub create: bool,
    /// Page cache of the writer, in MiB.
    pub cache_mib: u32,
    /// How long to wait for another process that writes.
    pub busy_timeout: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { create: false, cache_mib: 256, busy_timeout: Duration::from_secs(10) }
    }
}

impl SqliteOptions {
    fn reader(&self) -> Self {
        Self { cache_mib: self.cache_mib.min(READER_CACHE_MIB_MAX), ..self.clone() }
    }
}

/// The embedded store.
pub struct SqliteStore {
    path: PathBuf,
    options: SqliteOptions,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    checkpointer: Checkpointer,
}

impl SqliteStore {
    /// Opens (or creates) the store at `path` and brings its schema up to date; `at` is noted with
    /// each migration.
    pub fn open(path: &Path, options: SqliteOptions, at: Moment) -> Result<Self, Problem> {
        if options.create {
            create(path)?;
        } else if !path.exists() {
            return Err(Problem::new(&labels::NOT_INITIALISED, ""));
        }
        let mut writer = connect(path, &options)?;
        migrate::run(&mut SqliteMigrations(&mut writer), Dialect::Sqlite, at)?;
        let own = connect(path, &options.reader())?;
        let checkpointer = Checkpointer::start(path, &mut writer, own)?;
        Ok(Self {
            path: path.to_owned(),
            options,
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            checkpointer,
        })
    }

    /// Types of all columns as the database has them, in order, `table.column` →
    /// `INTEGER|BLOB|TEXT`; for the test that compares them with the column classes.
    pub fn columns(&self) -> Result<Vec<(String, String)>, Problem> {
        let connection = lock(&self.writer);
        let sql = "SELECT m.name || '.' || c.name, c.type FROM sqlite_schema m \
                   JOIN pragma_table_info(m.name) c WHERE m.type = 'table' \
                   AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid";
        let mut statement = connection.prepare(sql).map_err(problem)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.map_err(problem)?.collect::<Result<_, _>>().map_err(problem)
    }

    /// Lets the file grow to so many pages only, as a full disk would.
    #[cfg(feature = "testing")]
    pub fn limit_pages(&self, pages: u32) -> Result<(), Problem> {
        lock(&self.writer).pragma_update(None, "max_page_count", pages).map_err(problem)
    }

    fn reader(&self) -> Result<Connection, Problem> {
        match lock(&self.readers).pop() {
            Some(connection) => Ok(connection),
            None => connect(&self.path, &self.options.reader()),
        }
    }
}

impl Store for SqliteStore {
    fn kind(&self) -> &'static str {
        "sqlite"
    }

    fn transact(&self, _name: &'static str, work: TxWork<'_>) -> Result<(), Problem> {
        let connection = lock(&self.writer);
        roll_back(&connection)?;
        execute(&connection, "BEGIN IMMEDIATE")?;
        let done = Session::run(SqliteEngine(&connection), |session| work(session));
        let done = done.and_then(|()| execute(&connection, "COMMIT"));
        match done {
            Ok(()) => self.checkpointer.committed(&connection),
            // The refusal is what the caller must hear; what stays open is ended by the next.
            Err(_) => drop(roll_back(&connection)),
        }
        done
    }

    fn snapshot(&self, _name: &'static str, work: ViewWork<'_>) -> Result<(), Problem> {
        let connection = self.reader()?;
        execute(&connection, "BEGIN")?;
        let done = Session::run(SqliteEngine(&connection), |session| work(session));
        execute(&connection, "COMMIT")?;
        let mut pool = lock(&self.readers);
        if pool.len() < READERS_KEPT_MAX {
            pool.push(connection);
        }
        done
    }

    fn check_integrity(&self) -> Result<Vec<String>, Problem> {
        let connection = self.reader()?;
        let mut faults = match texts(&connection, "PRAGMA integrity_check") {
            Err(damaged) if damaged.label() == labels::STORE_BROKEN.text => {
                return Ok(vec![damaged.detail_text().to_owned()]);
            }
            said => said?,
        };
        faults.retain(|said| said != "ok");
        if !faults.is_empty() {
            return Ok(faults);
        }
        let mut orphans = texts(&connection, "PRAGMA foreign_key_check")?;
        orphans.sort_unstable();
        faults.extend(orphans.iter().map(|table| format!("a row without its parent: {table}")));
        let there = texts(&connection, "SELECT name FROM sqlite_schema WHERE type = 'trigger'")?;
        let mut wanted = migrate::triggers(Dialect::Sqlite);
        wanted.retain(|name| !there.contains(name));
        faults.extend(wanted.iter().map(|name| format!("does not fire: {name}")));
        Session::run(SqliteEngine(&connection), |session| {
            faults.extend(session.holder_faults()?);
            faults.extend(session.authority_faults()?);
            Ok(())
        })?;
        Ok(faults)
    }
}

struct SqliteEngine<'c>(&'c Connection);

impl SqliteEngine<'_> {
    fn prepare(&self, sql: &str) -> Result<rusqlite::CachedStatement<'_>, Problem> {
        self.0.prepare_cached(sql).map_err(problem)
    }
}

impl Engine for SqliteEngine<'_> {
    fn query(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
        types: &[Type],
    ) -> Result<Vec<Row>, Problem> {
        // `$1` would be a name, numbered by its first appearance; `?1` is the first parameter.
        rows(&mut *self.prepare(&sql.replace('$', "?"))?, params, types)
    }

    fn look_up(
        &mut self,
        table: &'static Table,
        by: &[&'static str],
        keys: &[Param<'_>],
    ) -> Result<Vec<Option<Row>>, Problem> {
        let mut statement = self.prepare(&select_by(table, by))?;
        let types = table.types();
        let mut out = Vec::with_capacity(keys.len() / by.len());
        for key in keys.chunks(by.len()) {
            bind(&mut statement, key)?;
            let mut rows = statement.raw_query();
            let row = rows.next().map_err(problem)?;
            out.push(row.map(|row| read(row, &types)).transpose()?);
        }
        Ok(out)
    }

    fn look_up_all(
        &mut self,
        table: &'static Table,
        by: &[&'static str],
        keys: &[Param<'_>],
    ) -> Result<Vec<Vec<Row>>, Problem> {
        let sql = format!("{} ORDER BY {}", select_by(table, by), table.key.join(", "));
        let (mut statement, types) = (self.prepare(&sql)?, table.types());
        keys.chunks(by.len()).map(|key| rows(&mut statement, key, &types)).collect()
    }

    fn write(&mut self, table: &'static Table, values: &[Param<'_>]) -> Result<(), Problem> {
        let width = table.columns.len();
        let places = (1..=width).map(|n| format!("?{n}")).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({places}){}",
            table.name,
            table.column_list(),
            table.conflict_clause()
        );
        self.run_each(&sql, width, values)
    }

    fn delete(&mut self, table: &'static Table, keys: &[Param<'_>]) -> Result<(), Problem> {
        let names = (1..=table.key.len()).zip(table.key).map(|(n, name)| format!("{name} = ?{n}"));
        let condition = names.collect::<Vec<_>>().join(" AND ");
        let sql = format!("DELETE FROM {} WHERE {condition}", table.name);
        self.run_each(&sql, table.key.len(), keys)
    }
}

impl SqliteEngine<'_> {
    fn run_each(&self, sql: &str, width: usize, values: &[Param<'_>]) -> Result<(), Problem> {
        let mut statement = self.prepare(sql)?;
        for row in values.chunks(width) {
            bind(&mut statement, row)?;
            statement.raw_execute().map_err(problem)?;
        }
        Ok(())
    }
}

/// The rows of a table by these columns.
fn select_by(table: &Table, by: &[&str]) -> String {
    let places = (1..=by.len()).zip(by).map(|(n, name)| format!("{name} = ?{n}"));
    let condition = places.collect::<Vec<_>>().join(" AND ");
    format!("SELECT {} FROM {} WHERE {condition}", table.column_list(), table.name)
}

pub(crate) struct SqliteMigrations<'c>(pub(crate) &'c mut Connection);

impl migrate::Target for SqliteMigrations<'_> {
    fn begin(&mut self, table: &str) -> Result<(), Problem> {
        execute(self.0, "BEGIN IMMEDIATE")?;
        execute(self.0, table)
    }

    fn done(&mut self) -> Result<Vec<(i64, String)>, Problem> {
        let sql = "SELECT number, digest FROM migration ORDER BY number";
        let mut statement = self.0.prepare(sql).map_err(problem)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.map_err(problem)?.collect::<Result<_, _>>().map_err(problem)
    }

    fn apply(&mut self, text: &str, number: i64, digest: &str, at: i64) -> Result<(), Problem> {
        self.0.execute_batch(text).map_err(problem)?;
        let sql = "INSERT INTO migration (number, digest, at) VALUES (?1, ?2, ?3)";
        self.0.execute(sql, (number, digest, at)).map_err(problem).map(|_| ())
    }

    fn finish(&mut self, good: bool) -> Result<(), Problem> {
        execute(self.0, if good { "COMMIT" } else { "ROLLBACK" })
    }
}

/// Makes the file, for its owner alone; SQLite's companion files take over its permissions.
fn create(path: &Path) -> Result<(), Problem> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map(|_| ()).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Problem::new(&labels::ALREADY_INITIALISED, ""),
        ErrorKind::StorageFull => Problem::new(&labels::STORE_FULL, error.to_string()),
        _ => Problem::new(&labels::DATA_DIRECTORY, error.to_string()),
    })
}

fn connect(path: &Path, options: &SqliteOptions) -> Result<Connection, Problem> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(problem)?;
    connection.busy_timeout(options.busy_timeout).map_err(problem)?;
    let settings = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA recursive_triggers = ON; PRAGMA temp_store = MEMORY; \
         PRAGMA trusted_schema = OFF; PRAGMA cache_size = -{}; \
         PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = {WAL_BYTES_KEPT}",
        options.cache_mib * 1024
    );
    connection.execute_batch(&settings).map_err(problem)?;
    // Otherwise a query whose plan might depend on its values is planned anew for each of them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(problem)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

/// Ends a transaction that is still open: one that failed, or one that a panic left behind.
fn roll_back(connection: &Connection) -> Result<(), Problem> {
    if connection.is_autocommit() { Ok(()) } else { execute(connection, "ROLLBACK") }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), Problem> {
    let mut statement = connection.prepare_cached(sql).map_err(problem)?;
    statement.raw_execute().map_err(problem).map(|_| ())
}

/// The first column of every row.
fn texts(connection: &Connection, sql: &str) -> Result<Vec<String>, Problem> {
    let mut statement = connection.prepare(sql).map_err(problem)?;
    let rows = statement.query_map([], |row| row.get(0)).map_err(problem)?;
    rows.collect::<Result<_, _>>().map_err(problem)
}

fn rows(
    statement: &mut Statement<'_>,
    params: &[Param<'_>],
    types: &[Type],
) -> Result<Vec<Row>, Problem> {
    bind(statement, params)?;
    let mut rows = statement.raw_query();
    let mut out = Vec::new();
    while let Some(row) = rows.next().map_err(problem)? {
        out.push(read(row, types)?);
    }
    Ok(out)
}

fn bind(statement: &mut Statement<'_>, params: &[Param<'_>]) -> Result<(), Problem> {
    for (at, param) in (1..).zip(params) {
        let value = match param {
            Param::Int(Some(value)) => ValueRef::Integer(*value),
            Param::Blob(Some(value)) => ValueRef::Blob(value),
            Param::Text(Some(value)) => ValueRef::Text(value.as_bytes()),
            Param::Int(None) | Param::Blob(None) | Param::Text(None) => ValueRef::Null,
        };
        statement.raw_bind_parameter(at, ToSqlOutput::Borrowed(value)).map_err(problem)?;
    }
    Ok(())
}

fn read(row: &rusqlite::Row<'_>, types: &[Type]) -> Result<Row, Problem> {
    let columns = (0..).zip(types);
    columns
        .map(|(at, kind)| {
            Ok(match kind {
                Type::Int => Value::Int(row.get(at).map_err(problem)?),
                Type::Blob => Value::Blob(row.get(at).map_err(problem)?),
                Type::Text => Value::Text(row.get(at).map_err(problem)?),
            })
        })
        .collect()
}

/// What an error of SQLite means to a caller. SQLite's messages name tables and columns only.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn problem(error: rusqlite::Error) -> Problem {
    // The index of the WAL could not grow, which SQLite does not call a full disk.
    let no_room = |failed: &ffi::Error| failed.extended_code == ffi::SQLITE_IOERR_SHMSIZE;
    let label: &'static Label = match error.sqlite_error_code() {
        _ if error.sqlite_error().is_some_and(no_room) => &labels::STORE_FULL,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => &labels::STORE_BUSY,
        Some(ErrorCode::DiskFull) => &labels::STORE_FULL,
        Some(ErrorCode::ConstraintViolation) => &labels::STORE_CONSTRAINT,
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            &labels::DATA_DIRECTORY
        }
        _ => &labels::STORE_BROKEN,
    };
    Problem::new(label, error.to_string())
}

const READERS_KEPT_MAX: usize = 8;
const READER_CACHE_MIB_MAX: u32 = 16;
const STATEMENTS_KEPT: usize = 128;
const WAL_BYTES_KEPT: u32 = 256 << 20;
