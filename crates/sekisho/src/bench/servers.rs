//! The servers that are asked: ours, nginx and `openssl ocsp`, each a process of its own on
//! loopback that ends with the benchmark.

use super::failed;
use super::load::Load;
use super::scratch::{Scratch, shared_platform};
use app::Committer;
use base::Problem;
use http_door::ApiState;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use store::PublicationDirectory;

/// A server that is ended with this value.
pub(super) struct Server {
    process: Child,
    pub(super) address: SocketAddr,
}

impl Server {
    /// Our own, over the platform in a folder, with this many threads.
    pub(super) fn ours(folder: &Path, threads: usize) -> Result<Self, Problem> {
        let program = std::env::current_exe().map_err(Problem::from_io)?;
        let mut command = Command::new(program);
        command.args(["--json", "bench", "ocsp", "--count"]).arg(threads.to_string());
        command.arg("--part").arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(Problem::from_io)?;
        let mut line = String::new();
        let out = process.stdout.take().ok_or_else(|| failed("no output"))?;
        BufReader::new(out).read_line(&mut line).map_err(Problem::from_io)?;
        let told: Value = serde_json::from_str(&line).unwrap_or_default();
        let address = told["listening"].as_str().and_then(|text| text.parse().ok());
        let address = address.ok_or_else(|| failed("our server did not begin"))?;
        Ok(Self { process, address })
    }

    /// nginx over the files of a folder, with this many processes; `load` asks for them.
    pub(super) fn nginx(
        scratch: &Scratch,
        (files, load): (&Path, &Load),
        workers: usize,
    ) -> Result<Self, Problem> {
        let address = free_address()?;
        let home = scratch.path().join("nginx");
        fs::create_dir_all(&home).map_err(Problem::from_io)?;
        let home = fs::canonicalize(&home).map_err(Problem::from_io)?;
        let files = fs::canonicalize(files).map_err(Problem::from_io)?;
        let text = NGINX
            .replace("{workers}", &workers.to_string())
            .replace("{address}", &address.to_string())
            .replace("{files}", &files.display().to_string())
            .replace("{home}", &home.display().to_string());
        let settings = home.join("nginx.conf");
        fs::write(&settings, text).map_err(Problem::from_io)?;
        let mut command = Command::new(NGINX_PROGRAM);
        command.arg("-p").arg(&home).arg("-c").arg(&settings).arg("-e").arg(home.join("error"));
        Self::foreign(&mut command, address, load)
    }

    /// `openssl ocsp` over an index, certificate and key of its own in this folder.
    pub(super) fn openssl(folder: &Path, load: &Load) -> Result<Self, Problem> {
        let address = free_address()?;
        let mut command = Command::new("openssl");
        command.args(["ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ca.pem"]);
        command.args(["-rkey", "key.pem", "-ignore_err", "-port"]).arg(address.port().to_string());
        command.current_dir(folder);
        Self::foreign(&mut command, address, load)
    }

    /// Waits for the first answer. A connection that asks nothing would not do: `openssl ocsp`
    /// waits on it for ever.
    fn foreign(command: &mut Command, address: SocketAddr, load: &Load) -> Result<Self, Problem> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().map_err(Problem::from_io)?;
        let mut server = Self { process, address };
        let until = Instant::now() + BEGIN;
        while Instant::now() < until && server.process.try_wait().is_ok_and(|end| end.is_none()) {
            if load.length(address).is_ok() {
                return Ok(server);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(failed(&format!("{} did not begin", command.get_program().display())))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ours ends when its input does, nginx takes its workers with it when it is asked to end.
        drop(self.process.stdin.take());
        let asked = Command::new("kill").arg(self.process.id().to_string()).status();
        let until = Instant::now() + BEGIN;
        while asked.is_ok() && Instant::now() < until {
            if !self.process.try_wait().is_ok_and(|end| end.is_none()) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The process of our own server: says where it listens, and serves until its input ends.
pub(super) fn serve(folder: &Path, threads: usize) -> Result<Value, Problem> {
    let platform = shared_platform(folder, false)?;
    let committer = Arc::new(Committer::start(platform.clone())?);
    let publication = Arc::new(PublicationDirectory::open(&folder.join("ledger"))?);
    let state = ApiState::new(platform, committer, publication);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(threads).enable_all().build().map_err(Problem::from_io)?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(Problem::from_io)?;
        let address = listener.local_addr().map_err(Problem::from_io)?;
        let line = json!({ "listening": address.to_string() });
        writeln!(std::io::stdout(), "{line}").map_err(Problem::from_io)?;
        let over = tokio::task::spawn_blocking(|| {
            let mut rest = Vec::new();
            drop(std::io::stdin().read_to_end(&mut rest));
        });
        http_door::serve(listener, state, async { drop(over.await) }).await
    })?;
    Ok(Value::Null)
}

fn free_address() -> Result<SocketAddr, Problem> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Problem::from_io)?;
    listener.local_addr().map_err(Problem::from_io)
}

const BEGIN: Duration = Duration::from_secs(5);
/// Where Debian has it; it is on the path of root only.
const NGINX_PROGRAM: &str = "/usr/sbin/nginx";
/// Nothing that costs: no log, files kept open, connections kept for as long as they are used.
const NGINX: &str = "daemon off; user root; worker_processes {workers}; pid {home}/pid;
events { worker_connections 1024; }
http {
  access_log off; error_log {home}/error crit; sendfile on; tcp_nodelay on;
  keepalive_requests 1000000000; keepalive_timeout 600s;
  open_file_cache max=10000; open_file_cache_valid 600s;
  default_type application/ocsp-response;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server { listen {address}; root {files}; }
}
";
