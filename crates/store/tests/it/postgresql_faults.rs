//! What befalls the store on PostgreSQL: a server that crashes and comes back, a connection that
//! is cut, and a commit that is not heard of.

use crate::harness::{NOW, commit, label, look};
use crate::rows::{act, acts, resident};
use base::{ActId, Problem, Remedy};
use ports::Store;
use ports::rows::Changes;
use sekisho_store::PostgresStore;
use sekisho_store::testing::{Cluster, Database};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

fn open(database: &Database) -> PostgresStore {
    PostgresStore::open(&database.url(), NOW).unwrap()
}

/// Commits the next act.
fn append(store: &dyn Store) -> Result<(), Problem> {
    store.transact("test", &mut |tx| {
        let next = tx.act_count()?;
        tx.write(&Changes { acts: vec![act(next)], ..Changes::default() })
    })
}

#[test]
fn a_server_that_crashes_is_unreachable_until_it_is_back() {
    let database = Cluster::start().database();
    let store = open(&database);
    commit(&store, &resident(1, 0)).unwrap();
    let crashed = store.transact("test", &mut |tx| {
        tx.write(&resident(2, 1))?;
        database.cluster().crash();
        tx.write(&resident(3, 2))
    });
    assert_eq!(label(crashed), "store_unreachable");
    assert_eq!(label(commit(&store, &resident(2, 1))), "store_unreachable");
    assert_eq!(label(store.snapshot("test", &mut |_| Ok(()))), "store_unreachable");
    assert_eq!(label(store.check_integrity()), "store_unreachable");
    assert_eq!(label(PostgresStore::open(&database.url(), NOW).map(|_| ())), "store_unreachable");
    database.cluster().resume();
    assert_eq!(look(&store, |view| view.acts(ActId(0), 9)), acts(0..1));
    commit(&store, &resident(2, 1)).unwrap();
    assert_eq!(look(&store, |view| view.act_count()), 2);
    assert_eq!(store.check_integrity().unwrap(), [""; 0]);
}

#[test]
fn a_connection_that_broke_while_it_was_kept_costs_nobody_an_answer() {
    let database = Cluster::shared().database();
    let store = open(&database);
    for next in 0..3 {
        append(&store).unwrap();
        assert_eq!(look(&store, |view| view.act_count()), next + 1);
        cut_all(&database);
    }
}

#[test]
fn acknowledged_is_stored_however_often_connections_are_cut() {
    let database = Cluster::shared().database();
    let store = open(&database);
    let committed = append_while(&store, 40, || {
        cut_all(&database);
        std::thread::sleep(Duration::from_millis(7));
    });
    assert_eq!(look(&store, |view| view.act_count()), committed);
    assert!(committed > 0);
}

#[test]
fn acknowledged_is_stored_however_often_the_server_crashes() {
    let database = Cluster::start().database();
    let store = open(&database);
    let committed = append_while(&store, 4, || {
        std::thread::sleep(Duration::from_millis(150));
        database.cluster().crash();
        std::thread::sleep(Duration::from_millis(50));
        database.cluster().resume();
    });
    assert_eq!(look(&store, |view| view.act_count()), committed);
    assert!(committed > 0);
    assert_eq!(store.check_integrity().unwrap(), [""; 0]);
}

/// Appends without pause while `harm` is done so many times; how many times the store said it did.
fn append_while(store: &dyn Store, times: u32, mut harm: impl FnMut()) -> u64 {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut committed = 0;
            while !done.load(Ordering::Relaxed) {
                match append(store) {
                    Ok(()) => committed += 1,
                    Err(problem) => assert_eq!(problem.remedy(), Remedy::Again, "{problem}"),
                }
            }
            committed
        });
        (0..times).for_each(|_| harm());
        done.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    })
}

fn cut_all(database: &Database) {
    let sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.client().execute(sql, &[]).unwrap();
}

#[test]
fn a_commit_that_did_not_happen_is_to_be_tried_again() {
    let (database, proxy) = (Cluster::shared().database(), Proxy::start());
    let store = PostgresStore::open(&proxy.url(&database), NOW).unwrap();
    for stored in 0..2 {
        proxy.lose(Lost::Question);
        assert_eq!(label(append(&store)), "store_unreachable");
        assert_eq!(look(&store, |view| view.act_count()), stored);
        append(&store).unwrap();
    }
}

#[test]
fn a_commit_that_was_not_heard_of_is_found_to_stand() {
    let (database, proxy) = (Cluster::shared().database(), Proxy::start());
    let store = PostgresStore::open(&proxy.url(&database), NOW).unwrap();
    for stored in 0..2 {
        proxy.lose(Lost::Answer(Box::new(|| ())));
        append(&store).unwrap();
        assert_eq!(look(&store, |view| view.act_count()), 2 * stored + 1);
        append(&store).unwrap();
    }
}

#[test]
fn a_commit_that_somebody_else_has_covered_up_is_not_guessed_at() {
    let (database, proxy) = (Cluster::shared().database(), Proxy::start());
    let store = PostgresStore::open(&proxy.url(&database), NOW).unwrap();
    let other = open(&database);
    proxy.lose(Lost::Answer(Box::new(move || append(&other).unwrap())));
    assert_eq!(label(append(&store)), "store_broken");
    assert_eq!(look(&store, |view| view.act_count()), 2);
    append(&store).unwrap();
}

/// What of the next commit gets lost.
enum Lost {
    /// The server never hears of it.
    Question,
    /// The client never hears how it went; this is done in between.
    Answer(Box<dyn FnOnce() + Send>),
}

/// A socket between the store and the server that can lose things.
struct Proxy {
    folder: TempDir,
    server: Arc<Mutex<String>>,
    next: Arc<Mutex<Option<Lost>>>,
}

impl Proxy {
    fn start() -> Self {
        let folder = TempDir::new_in("/tmp").unwrap();
        let listener = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        let proxy = Self { folder, server: Arc::default(), next: Arc::default() };
        let (server, next) = (Arc::clone(&proxy.server), Arc::clone(&proxy.next));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let place = Path::new(&*server.lock().unwrap()).join(SOCKET);
                let server = UnixStream::connect(place).unwrap();
                between(client.unwrap(), server, Arc::clone(&next));
            }
        });
        proxy
    }

    /// The URL of a database by way of this proxy.
    fn url(&self, database: &Database) -> String {
        let url = database.url();
        let host = url.split(' ').find_map(|part| part.strip_prefix("host=")).unwrap();
        host.clone_into(&mut self.server.lock().unwrap());
        url.replace(host, self.folder.path().to_str().unwrap())
    }

    fn lose(&self, lost: Lost) {
        *self.next.lock().unwrap() = Some(lost);
    }
}

/// Carries bytes both ways until one side ends or something is to be lost.
fn between(client: UnixStream, server: UnixStream, next: Arc<Mutex<Option<Lost>>>) {
    let deaf = Arc::new(Mutex::new(None));
    let (to_client, from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let told = Arc::clone(&deaf);
    std::thread::spawn(move || {
        carry(from_server, to_client, |_| {
            told.lock()
                .unwrap()
                .take()
                .map(|meanwhile: Box<dyn FnOnce() + Send>| meanwhile())
                .is_none()
        });
    });
    std::thread::spawn(move || {
        carry(client, server, |bytes| {
            if !bytes.windows(8).any(|window| window == b"; COMMIT") {
                return true;
            }
            match next.lock().unwrap().take() {
                Some(Lost::Question) => return false,
                Some(Lost::Answer(meanwhile)) => *deaf.lock().unwrap() = Some(meanwhile),
                None => {}
            }
            true
        });
    });
}

fn carry(mut from: UnixStream, mut to: UnixStream, mut pass: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 1 << 16];
    loop {
        let read = from.read(&mut buffer).unwrap_or(0);
        if read == 0 || !pass(&buffer[..read]) || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // Either side may be gone already.
    drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
}

const SOCKET: &str = ".s.PGSQL.5432";
