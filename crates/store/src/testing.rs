//! A PostgreSQL server of one's own, for tests.
//!
//! Owns a cluster in a new folder that listens on a Unix socket there and nowhere else. It ends
//! with its owner: a guard process waits on a pipe from this one and, when that closes (by `Drop`,
//! a panic or a kill), stops the server by its pid file and removes the folder. Assumes Debian's
//! `/usr/lib/postgresql`; what is missing fails the test (`make deps` installs it).

#![expect(clippy::expect_used, clippy::panic, reason = "what goes wrong here fails a test")]

use postgres::{Client, NoTls};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A running server with a data directory of its own.
pub struct Cluster {
    programs: PathBuf,
    home: PathBuf,
    guard: Child,
    databases: AtomicU64,
}

/// An empty database; its server stays up at least as long.
pub struct Database {
    cluster: Arc<Cluster>,
    name: String,
}

impl Cluster {
    /// The cluster of this test process: started by the first to ask, stopped after the last.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let cluster = Self::start();
            *shared = Arc::downgrade(&cluster);
            cluster
        })
    }

    /// A cluster for one test alone, which may crash it.
    pub fn start() -> Arc<Self> {
        let programs = programs();
        let home = said(as_server("mktemp").args(["-d", "/tmp/sekisho-pg.XXXXXX"]));
        let home = PathBuf::from(home.trim());
        let guard = guard(&programs, &home);
        let cluster = Self { programs, home, guard, databases: AtomicU64::new(0) };
        let initdb = ["-U", "sekisho", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
        said(as_server(cluster.programs.join("initdb")).args(initdb).arg("-D").arg(cluster.data()));
        cluster.resume();
        Arc::new(cluster)
    }

    /// A new, empty database.
    pub fn database(self: &Arc<Self>) -> Database {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        let mut client = Client::connect(&self.url("postgres"), NoTls).expect("the test server");
        client.batch_execute(&format!("CREATE DATABASE {name}")).expect("a new database");
        Database { cluster: Arc::clone(self), name }
    }

    /// Stops the server as a crash would, without saying goodbye to anyone.
    pub fn crash(&self) {
        said(self.control().args(["-m", "immediate", "stop"]));
    }

    /// Starts the server again after [`Self::crash`].
    pub fn resume(&self) {
        let settings = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c shared_buffers=16MB \
             -c max_connections=40 -c fsync=on",
            self.home.display()
        );
        said(self.control().arg("-l").arg(self.home.join("log")).args(["-o", &settings, "start"]));
    }

    fn control(&self) -> Command {
        let mut command = as_server(self.programs.join("pg_ctl"));
        command.arg("-D").arg(self.data()).args(["-s", "-w"]);
        command
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn url(&self, database: &str) -> String {
        format!("host={} user=sekisho dbname={database}", self.home.display())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // The guard always ends; how it ended says nothing more.
        drop(self.guard.wait());
    }
}

impl Database {
    /// What `PostgresStore::open` takes.
    pub fn url(&self) -> String {
        self.cluster.url(&self.name)
    }

    /// The server it is on.
    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// A connection past the store.
    pub fn client(&self) -> Client {
        Client::connect(&self.url(), NoTls).expect("a connection to the test database")
    }
}

/// The folder of the newest server's programs.
fn programs() -> PathBuf {
    let root = Path::new("/usr/lib/postgresql");
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let versions = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let there = |folder: &PathBuf| folder.join("initdb").exists();
    let folders = versions.map(|version| (version, root.join(version.to_string()).join("bin")));
    let newest = folders.filter(|(_, folder)| there(folder)).max();
    newest.map(|(_, folder)| folder).unwrap_or_else(|| {
        panic!("no PostgreSQL in {}: run `make deps` first", root.display());
    })
}

/// A command that the server's user runs: PostgreSQL refuses to be run by root.
fn as_server(program: impl AsRef<OsStr>) -> Command {
    let root = fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0);
    let mut command = if root { Command::new("setpriv") } else { Command::new(program.as_ref()) };
    if root {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]);
        command.arg(program);
    }
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn guard(programs: &Path, home: &Path) -> Child {
    let script = r#"trap "" INT TERM HUP; cat
        "$1/pg_ctl" -D "$2/data" -m immediate stop; rm -rf "$2""#;
    let mut command = as_server("sh");
    command.args(["-c", script, "guard"]).arg(programs).arg(home);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.process_group(0).spawn().expect("a shell to guard the test server")
}

/// Runs a command that must go well; answers with what it said.
fn said(command: &mut Command) -> String {
    let done = command.output();
    let done = done.unwrap_or_else(|error| panic!("{command:?}: {error}; run `make deps` first"));
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {errors}; is `make deps` done?");
    String::from_utf8_lossy(&done.stdout).into_owned()
}
