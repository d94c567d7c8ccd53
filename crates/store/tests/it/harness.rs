//! A fresh store of either kind, a second opening of it, and a way past it.

use base::{Moment, Problem};
use ports::rows::Changes;
use ports::{Store, View};
use sekisho_store::testing::{Cluster, Database};
use sekisho_store::{PostgresStore, SqliteOptions, SqliteStore};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// A database that is this test's own.
pub(crate) struct Db {
    place: Place,
    store: Box<dyn Store>,
}

enum Place {
    Sqlite(TempDir),
    Postgresql(Database),
}

impl Db {
    pub(crate) fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("store.sqlite");
        let options = SqliteOptions { create: true, ..sqlite_options() };
        let store = Box::new(SqliteStore::open(&path, options, NOW).unwrap());
        Self { place: Place::Sqlite(folder), store }
    }

    pub(crate) fn postgresql() -> Self {
        let database = Cluster::shared().database();
        let store = Box::new(PostgresStore::open(&database.url(), NOW).unwrap());
        Self { place: Place::Postgresql(database), store }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The same database as another process would open it.
    pub(crate) fn another(&self) -> Box<dyn Store> {
        match &self.place {
            Place::Sqlite(_) => {
                Box::new(SqliteStore::open(&self.path(), sqlite_options(), NOW).unwrap())
            }
            Place::Postgresql(database) => {
                Box::new(PostgresStore::open(&database.url(), NOW).unwrap())
            }
        }
    }

    /// Runs SQL past the store; what the database says if it refuses.
    pub(crate) fn raw(&self, sql: &str) -> Result<(), String> {
        match &self.place {
            Place::Sqlite(_) => {
                let connection = rusqlite::Connection::open(self.path()).unwrap();
                connection.execute_batch(sql).map_err(|error| error.to_string())
            }
            Place::Postgresql(database) => {
                let said = database.client().batch_execute(sql);
                said.map_err(|error| error.as_db_error().unwrap().message().to_owned())
            }
        }
    }

    /// The one number that a query past the store gives.
    pub(crate) fn count(&self, sql: &str) -> u64 {
        let count: i64 = match &self.place {
            Place::Sqlite(_) => {
                let connection = rusqlite::Connection::open(self.path()).unwrap();
                connection.query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Place::Postgresql(database) => database.client().query_one(sql, &[]).unwrap().get(0),
        };
        count.cast_unsigned()
    }

    pub(crate) fn path(&self) -> PathBuf {
        match &self.place {
            Place::Sqlite(folder) => folder.path().join("store.sqlite"),
            Place::Postgresql(_) => unreachable!("PostgreSQL has no file of its own"),
        }
    }

    pub(crate) fn url(&self) -> String {
        match &self.place {
            Place::Postgresql(database) => database.url(),
            Place::Sqlite(_) => unreachable!("SQLite has no URL"),
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.place, Place::Sqlite(_))
    }
}

/// Runs a test on a database and checks afterwards that the database is whole.
pub(crate) fn checked(db: &Db, test: impl FnOnce(&Db)) {
    test(db);
    assert_eq!(db.store().check_integrity().unwrap(), [""; 0]);
}

pub(crate) fn sqlite_options() -> SqliteOptions {
    SqliteOptions { cache_mib: 8, busy_timeout: Duration::from_secs(20), ..Default::default() }
}

/// Commits changes.
pub(crate) fn commit(store: &dyn Store, changes: &Changes) -> Result<(), Problem> {
    store.transact("test", &mut |tx| tx.write(changes))
}

/// Looks at a snapshot.
pub(crate) fn look<T>(
    store: &dyn Store,
    mut ask: impl FnMut(&mut dyn View) -> Result<T, Problem>,
) -> T {
    let mut answer = None;
    let done = store.snapshot("test", &mut |view| {
        answer = Some(ask(view)?);
        Ok(())
    });
    done.unwrap();
    answer.unwrap()
}

/// The label of a refusal.
pub(crate) fn label<T: std::fmt::Debug>(refused: Result<T, Problem>) -> &'static str {
    refused.unwrap_err().label()
}

pub(crate) const NOW: Moment = Moment::from_us(1_700_000_000_000_000);
