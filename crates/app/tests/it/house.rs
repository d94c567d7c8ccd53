//! A platform for one test, on either database, with a clock that is set and a store that is
//! watched.

use base::{Actor, Clock, Label, Moment, Problem, Purpose};
use numbers::{LocalGovernmentCode, ResidentRecordCode};
use policy::{Action, Permit};
use ports::{Store, TxWork, ViewWork};
use registry::FeedMessage;
use registry::feed::Format;
use sekisho_app::commit::transact;
use sekisho_app::keyed::{KeyedMessage, keyed};
use sekisho_app::resident_event::{End, Taken, resident_events};
use sekisho_app::stock::stock_issue;
use sekisho_app::{KeyNames, Platform, Work, init, permit, verify};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use store::testing::{Cluster, Database};
use store::{PostgresStore, SqliteOptions, SqliteStore};
use tempfile::TempDir;

pub(crate) struct House {
    place: Place,
    pub(crate) platform: Platform,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) store: Arc<Watched>,
}

enum Place {
    Sqlite(TempDir),
    Postgresql(Database),
}

/// A clock that stands still until it is set.
pub(crate) struct SetClock(AtomicI64);

/// A store that counts its transactions and fails on demand.
pub(crate) struct Watched {
    inner: Box<dyn Store>,
    pub(crate) transactions: AtomicU64,
    /// Every transaction fails so before it begins.
    pub(crate) refuses: Mutex<Option<&'static Label>>,
    /// Done once, before the next transaction begins.
    pub(crate) between: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    /// The transaction under way fails as it is committed.
    pub(crate) poisoned: AtomicBool,
}

/// Runs a journey on both databases; each ends by walking the whole store.
pub(crate) fn on_both(journey: impl Fn(&House)) {
    for house in [House::sqlite(), House::postgresql()] {
        journey(&house);
        assert_eq!(house.faults(), [""; 0], "{}", house.store.kind());
    }
}

impl House {
    pub(crate) fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let options = SqliteOptions { create: true, ..SqliteOptions::default() };
        let store = SqliteStore::open(&folder.path().join("store.sqlite"), options, NOON).unwrap();
        Self::with(Place::Sqlite(folder), Box::new(store))
    }

    pub(crate) fn postgresql() -> Self {
        let database = Cluster::shared().database();
        let store = PostgresStore::open(&database.url(), NOON).unwrap();
        Self::with(Place::Postgresql(database), Box::new(store))
    }

    fn with(place: Place, inner: Box<dyn Store>) -> Self {
        let clock = Arc::new(SetClock(AtomicI64::new(NOON.us())));
        let store = Arc::new(Watched {
            inner,
            transactions: AtomicU64::new(0),
            refuses: Mutex::new(None),
            between: Mutex::new(None),
            poisoned: AtomicBool::new(false),
        });
        let platform = Platform {
            store: store.clone(),
            keys: Arc::new(keys::SoftKeyStore::in_memory()),
            clock: clock.clone(),
            entropy: Arc::new(|| Box::new(keys::OsEntropy::new())),
            names: Arc::new(KeyNames::first().unwrap()),
            profile: Arc::new(sekisho_app::CertificateProfile::first().unwrap()),
        };
        init::make_keys(&platform).unwrap();
        init::make_store(&platform, "sekisho.test/ledger").unwrap();
        Self { place, platform, clock, store }
    }

    /// Runs SQL past the store.
    pub(crate) fn raw(&self, sql: &str) {
        match &self.place {
            Place::Sqlite(folder) => {
                let path = folder.path().join("store.sqlite");
                rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
            }
            Place::Postgresql(database) => database.client().batch_execute(sql).unwrap(),
        }
    }

    /// The same, where triggers would refuse it.
    pub(crate) fn raw_past_triggers(&self, sql: &str) {
        match &self.place {
            Place::Sqlite(folder) => {
                let path = folder.path().join("store.sqlite");
                let connection = rusqlite::Connection::open(path).unwrap();
                let triggers = rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER;
                connection.set_db_config(triggers, false).unwrap();
                connection.pragma_update(None, "foreign_keys", false).unwrap();
                connection.execute_batch(sql).unwrap();
            }
            Place::Postgresql(database) => {
                let sql = format!("SET session_replication_role = replica; {sql}");
                database.client().batch_execute(&sql).unwrap();
            }
        }
    }

    /// What does not hold.
    pub(crate) fn faults(&self) -> Vec<String> {
        verify::verify(&self.platform, &mut |_| ()).unwrap().faults
    }

    /// Runs something in a transaction of its own.
    pub(crate) fn act<T>(
        &self,
        mut act: impl FnMut(&mut Work<'_>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut done = None;
        transact(&self.platform, |work| {
            done = Some(act(work)?);
            Ok(())
        })?;
        Ok(done.unwrap())
    }

    /// Gives a municipality codes.
    pub(crate) fn stock(&self, of: &str, count: u64) -> Vec<ResidentRecordCode> {
        let issue = |work: &mut Work<'_>| stock_issue(work, &stock_permit(of), town(of), count);
        self.act(issue).unwrap().codes
    }

    /// Takes in messages in one transaction; how each ended.
    pub(crate) fn take(&self, messages: &[Value]) -> Vec<Result<Taken, Problem>> {
        let ready = self.keyed(messages);
        self.act(|work| resident_events(work, &ready, &feed_permit)).unwrap()
    }

    /// Takes in messages as another program does meanwhile: when it is called.
    pub(crate) fn taking(&self, messages: &[Value]) -> impl FnOnce() + Send + 'static {
        let (platform, ready) = (self.platform.clone(), self.keyed(messages));
        move || {
            transact(&platform, |work| resident_events(work, &ready, &feed_permit).map(drop))
                .unwrap();
        }
    }

    /// Messages, ready to be taken in.
    pub(crate) fn keyed(&self, messages: &[Value]) -> Vec<KeyedMessage> {
        let read =
            |message: &Value| FeedMessage::from_json(message.to_string().as_bytes()).unwrap();
        keyed(&self.platform, messages.iter().map(read).collect()).unwrap()
    }

    /// The same for one message, in short: `applied`, `waiting`, or the label.
    pub(crate) fn take_one(&self, message: &Value) -> String {
        match self.take(std::slice::from_ref(message)).remove(0) {
            Err(problem) => problem.label().to_owned(),
            Ok(taken) => short(&taken.end),
        }
    }

    /// Takes in a file of messages.
    pub(crate) fn import(&self, messages: &[Value]) -> sekisho_app::import::ImportReport {
        let text: String = messages.iter().map(|message| format!("{message}\n")).collect();
        let format = Some(Format::JsonLines);
        sekisho_app::import::import(&self.platform, text.as_bytes(), format, &mut |_| ()).unwrap()
    }
}

impl SetClock {
    pub(crate) fn pass_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    pub(crate) fn pass_hours(&self, hours: i64) {
        self.0.fetch_add(hours * 3_600_000_000, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Moment {
        Moment::from_us(self.0.load(Ordering::SeqCst))
    }
}

impl Store for Watched {
    fn kind(&self) -> &'static str {
        self.inner.kind()
    }

    fn transact(&self, name: &'static str, work: TxWork<'_>) -> Result<(), Problem> {
        self.transactions.fetch_add(1, Ordering::SeqCst);
        let between = self.between.lock().unwrap().take();
        if let Some(between) = between {
            between();
        }
        if let Some(label) = *self.refuses.lock().unwrap() {
            return Err(Problem::new(label, "on demand"));
        }
        self.inner.transact(name, &mut |tx| {
            self.poisoned.store(false, Ordering::SeqCst);
            work(tx)?;
            if self.poisoned.load(Ordering::SeqCst) {
                return Err(Problem::new(&base::labels::STORE_CONSTRAINT, "on demand"));
            }
            Ok(())
        })
    }

    fn snapshot(&self, name: &'static str, work: ViewWork<'_>) -> Result<(), Problem> {
        self.inner.snapshot(name, work)
    }

    fn check_integrity(&self) -> Result<Vec<String>, Problem> {
        self.inner.check_integrity()
    }
}

/// How a message ended, in short.
pub(crate) fn short(end: &End) -> String {
    match end {
        End::Applied(_) => "applied".to_owned(),
        End::Waiting(_) => "waiting".to_owned(),
        End::Refused(_, label) => label.clone(),
    }
}

/// A message about an invented resident, with a record unless the event closes one.
pub(crate) fn message(
    of: &str,
    sequence: u64,
    event: &str,
    code: Option<&ResidentRecordCode>,
) -> Value {
    let mut message = json!({
        "municipality": of,
        "sequence": sequence,
        "event": event,
        "event_date": "2026-03-31",
        "resident_record_code": code.map(|code| code.reveal().as_str().to_owned()),
    });
    if !["move_out", "death", "ex_officio_deletion"].contains(&event) {
        for (name, value) in [
            ("name", "山田　太郎"),
            ("name_kana", "ヤマダ　タロウ"),
            ("birth_date", "1990-04-01"),
            ("sex", "male"),
            ("address", "東京都千代田区霞が関一丁目２番３号"),
        ] {
            message[name] = value.into();
        }
    }
    message
}

pub(crate) fn town(code: &str) -> LocalGovernmentCode {
    code.parse().unwrap()
}

pub(crate) fn feed_permit(sender: LocalGovernmentCode) -> Result<Permit, Problem> {
    let purpose = Purpose::ResidentRegister;
    permit(&Actor::Municipality(sender), Action::ResidentEvent, purpose, Some(sender))
}

pub(crate) fn stock_permit(of: &str) -> Permit {
    let (actor, purpose) = (Actor::Municipality(town(of)), Purpose::ResidentRegister);
    permit(&actor, Action::StockIssue, purpose, Some(town(of))).unwrap()
}

pub(crate) const CHIYODA: &str = "131016";
pub(crate) const CHUO: &str = "131024";
/// Noon in Japan on 2026-04-01.
pub(crate) const NOON: Moment = Moment::from_us(1_775_012_400_000_000);
