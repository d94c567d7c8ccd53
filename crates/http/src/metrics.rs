//! What the door counts, as text for Prometheus.
//!
//! Labels come from tables only (routes, methods, statuses, the labels of problems), so their
//! number is bounded whatever callers send, and nothing personal can be among them.

use hyper::StatusCode;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Counters of one door.
#[derive(Default)]
pub(crate) struct Metrics {
    requests: Mutex<Requests>,
    under_way: AtomicU64,
    connections: AtomicU64,
    turned_away: AtomicU64,
}

#[derive(Default)]
struct Requests {
    counts: BTreeMap<Seen<'static>, u64>,
    waits: BTreeMap<&'static str, Histogram>,
}

#[derive(Default)]
struct Histogram {
    /// One more than there are bounds: the last is for what took longer.
    buckets: [u64; BOUNDS_US.len() + 1],
    sum_us: u64,
}

/// A request as it is counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) route: &'a str,
    pub(crate) method: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) label: &'static str,
}

/// Something that is going on as long as this lives.
pub(crate) struct GoingOn<'a>(&'a AtomicU64);

impl Metrics {
    /// A request begins.
    pub(crate) fn under_way(&self) -> GoingOn<'_> {
        GoingOn::start(&self.under_way)
    }

    /// A connection begins.
    pub(crate) fn connection(&self) -> GoingOn<'_> {
        GoingOn::start(&self.connections)
    }

    /// A connection was turned away.
    pub(crate) fn turned_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was answered.
    pub(crate) fn count(&self, seen: &Seen<'static>, took: Duration) {
        let mut requests = self.lock();
        *requests.counts.entry(*seen).or_default() += 1;
        requests.waits.entry(seen.route).or_default().add(took);
    }

    /// Everything counted here.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let requests = self.lock();
        head(&mut text, "sekisho_http_requests_total", "counter", "Requests answered.");
        for (Seen { route, method, status, label }, count) in &requests.counts {
            let status = status.as_u16();
            line(
                &mut text,
                &format!(
                    "sekisho_http_requests_total{{route=\"{route}\",method=\"{method}\",\
                     status=\"{status}\",label=\"{label}\"}} {count}"
                ),
            );
        }
        head(&mut text, WAIT, "histogram", "From a request's headers to its answer.");
        requests.waits.iter().for_each(|(route, wait)| wait.write(route, &mut text));
        drop(requests);
        let load = |value: &AtomicU64| value.load(Ordering::Relaxed);
        for (name, kind, help, value) in [
            ("sekisho_http_requests_under_way", "gauge", "Requests under way.", &self.under_way),
            ("sekisho_http_connections", "gauge", "Open connections.", &self.connections),
            (
                "sekisho_http_connections_turned_away_total",
                "counter",
                "Connections turned away because there were too many.",
                &self.turned_away,
            ),
        ] {
            single(&mut text, (name, kind, help), load(value));
        }
        text
    }

    fn lock(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends a metric of one number: name, kind, help.
pub(crate) fn single(text: &mut String, (name, kind, help): (&str, &str, &str), value: u64) {
    head(text, name, kind, help);
    line(text, &format!("{name} {value}"));
}

/// Appends what witnesses answered: name, label (empty for a cosignature), how often.
pub(crate) fn answers(text: &mut String, counts: &[(String, &'static str, u64)]) {
    head(text, ANSWERS, "counter", "Answers of witnesses; without a label, cosignatures.");
    for (witness, label, count) in counts {
        let witness = witness.replace('\\', r"\\").replace('"', "\\\"");
        line(text, &format!("{ANSWERS}{{witness=\"{witness}\",label=\"{label}\"}} {count}"));
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    line(text, &format!("# HELP {name} {help}\n# TYPE {name} {kind}"));
}

fn line(text: &mut String, content: &str) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{content}");
}

impl Histogram {
    fn add(&mut self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS_US.iter().position(|bound| us <= *bound).unwrap_or(BOUNDS_US.len());
        self.buckets[place] += 1;
        self.sum_us = self.sum_us.saturating_add(us);
    }

    fn write(&self, route: &str, text: &mut String) {
        let mut below = 0;
        for (place, count) in self.buckets.iter().enumerate() {
            below += count;
            let bound = BOUNDS_US.get(place).map_or("+Inf".to_owned(), |us| seconds(*us));
            line(text, &format!("{WAIT}_bucket{{route=\"{route}\",le=\"{bound}\"}} {below}"));
        }
        line(text, &format!("{WAIT}_sum{{route=\"{route}\"}} {}", seconds(self.sum_us)));
        line(text, &format!("{WAIT}_count{{route=\"{route}\"}} {below}"));
    }
}

fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

impl<'a> GoingOn<'a> {
    fn start(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for GoingOn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

const ANSWERS: &str = "sekisho_witness_answers_total";
const WAIT: &str = "sekisho_http_request_seconds";
const BOUNDS_US: [u64; 12] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
    30_000_000,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_told() {
        let metrics = Metrics::default();
        let seen = Seen { route: "/health", method: "GET", status: StatusCode::OK, label: "" };
        metrics.count(&seen, Duration::from_micros(700));
        metrics.count(&seen, Duration::from_secs(60));
        let going_on = metrics.under_way();
        let text = metrics.text();
        for line in [
            "sekisho_http_requests_total{route=\"/health\",method=\"GET\",status=\"200\",label=\"\"} 2",
            "sekisho_http_request_seconds_bucket{route=\"/health\",le=\"0.000500\"} 0",
            "sekisho_http_request_seconds_bucket{route=\"/health\",le=\"0.001000\"} 1",
            "sekisho_http_request_seconds_bucket{route=\"/health\",le=\"+Inf\"} 2",
            "sekisho_http_request_seconds_sum{route=\"/health\"} 60.000700",
            "sekisho_http_requests_under_way 1",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\n{text}");
        }
        drop(going_on);
        assert!(metrics.text().contains("sekisho_http_requests_under_way 0"));
    }

    #[test]
    fn a_witness_may_have_any_name() {
        let mut text = String::new();
        answers(&mut text, &[(r#"a"b\c"#.to_owned(), "witness_answer", 3)]);
        let told = r#"{witness="a\"b\\c",label="witness_answer"} 3"#;
        assert!(text.ends_with(&format!("{ANSWERS}{told}\n")), "{text}");
    }

    #[test]
    fn every_metric_is_announced_once() {
        let text = Metrics::default().text();
        let announced: Vec<_> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
        assert_eq!(announced.len(), 5);
    }
}
