//! The way to a witness over plain HTTP/1.1: `add-checkpoint` of C2SP tlog-witness, from outside.
//!
//! Owns the addresses that are taken and the bounds of an exchange. What passes is public and
//! signed, so the line need not be secret; but whoever sits on it can keep answers back. No answer
//! is believed here.

use base::{Problem, labels};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, Uri};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use ports::{Witness, WitnessAnswer};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// Where a witness takes checkpoints: its submission prefix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WitnessUrl(Uri);

/// What speaks to all witnesses of a ledger, keeping connections open between checkpoints.
pub struct WitnessClient {
    client: Client<HttpConnector, Full<Bytes>>,
    /// Always there until the end.
    runtime: Option<Runtime>,
}

struct Way {
    client: Arc<WitnessClient>,
    url: WitnessUrl,
}

impl FromStr for WitnessUrl {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let refused = |why: &str| Problem::new(&labels::CONFIG_MALFORMED, why);
        let form = || refused("the address of a witness is `http://host:port/prefix`");
        if text.to_ascii_lowercase().starts_with("https:") {
            return Err(refused(
                "this version asks witnesses over http:// only; for https:// put a TLS tunnel \
                 on this machine in between and name its address",
            ));
        }
        let prefix: Uri = text.parse().map_err(|_| form())?;
        let authority = prefix.authority().ok_or_else(form)?;
        let plain = prefix.scheme_str() == Some("http") && prefix.query().is_none();
        if !plain || text.contains(['#', '?', '@']) || authority.host().is_empty() {
            return Err(form());
        }
        let path = prefix.path().trim_end_matches('/');
        format!("http://{authority}{path}/add-checkpoint").parse().map(Self).map_err(|_| form())
    }
}

impl WitnessClient {
    /// A client with a thread of its own.
    pub fn start() -> Result<Arc<Self>, Problem> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name("witnesses").enable_all().build();
        let runtime = runtime.map_err(Problem::from_io)?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .build(connector);
        Ok(Arc::new(Self { client, runtime: Some(runtime) }))
    }

    /// The way to the witness at an address. It may not be used within an asynchronous task.
    pub fn way_to(self: &Arc<Self>, url: WitnessUrl) -> Arc<dyn Witness> {
        Arc::new(Way { client: Arc::clone(self), url })
    }

    async fn exchange(&self, url: &WitnessUrl, body: String) -> Result<WitnessAnswer, Problem> {
        let request = Request::builder().method(Method::POST).uri(url.0.clone());
        let request = request.body(Full::new(Bytes::from(body)));
        let request = request.map_err(|_| unreachable("no request could be made"))?;
        let answer = self.client.request(request).await;
        let answer = answer.map_err(|_| unreachable("the connection failed"))?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|_| unreachable("the answer broke off, or is too long"))?;
        let body = String::from_utf8(body.to_bytes().into()).unwrap_or_default();
        Ok(WitnessAnswer { status, body })
    }
}

impl Drop for WitnessClient {
    fn drop(&mut self) {
        // Looking up a name cannot be broken off, and is not waited for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Witness for Way {
    fn add_checkpoint(&self, request: &str, within: Duration) -> Result<WitnessAnswer, Problem> {
        let runtime = self.client.runtime.as_ref();
        let runtime = runtime.ok_or_else(|| unreachable("the client has ended"))?;
        let exchange = self.client.exchange(&self.url, request.to_owned());
        let heard = runtime.block_on(async { timeout(within, exchange).await });
        heard.map_err(|_| unreachable("no answer in time"))?
    }
}

fn unreachable(detail: &str) -> Problem {
    Problem::new(&labels::WITNESS_UNREACHABLE, detail)
}

/// Longest answer of a witness: sixteen signature lines of any kind.
const ANSWER_BYTES_MAX: usize = 128 * 1024;
const POOL_IDLE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_plain_prefix() {
        for (text, asked) in [
            ("http://127.0.0.1:8791", "http://127.0.0.1:8791/add-checkpoint"),
            ("http://w.example/", "http://w.example/add-checkpoint"),
            ("http://[::1]:1/log/w/", "http://[::1]:1/log/w/add-checkpoint"),
        ] {
            assert_eq!(text.parse::<WitnessUrl>().unwrap().0.to_string(), asked);
        }
    }

    #[test]
    fn other_addresses_are_refused_and_https_by_its_name() {
        for text in [
            "",
            "w.example",
            "/w",
            "ftp://w.example",
            "http://",
            "http://w.example/?a=b",
            "http://w.example/#a",
            "http://me:secret@w.example",
            "http://w example",
        ] {
            let problem = text.parse::<WitnessUrl>().unwrap_err();
            assert_eq!(problem.label(), "config_malformed", "{text}");
            assert!(!problem.to_string().contains("secret"));
        }
        let problem = "HTTPS://w.example".parse::<WitnessUrl>().unwrap_err();
        assert!(problem.detail_text().contains("over http:// only"), "{problem}");
    }
}
