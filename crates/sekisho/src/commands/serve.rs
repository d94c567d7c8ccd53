//! `sekisho serve` and `sekisho token`: the API's door and the way in.

use super::Context;
use crate::cli::{Serve, Token};
use crate::config::Config;
use crate::output::{Answer, program};
use crate::rounds::Rounds;
use crate::wiring::Wired;
use app::token_issue::token_issue;
use app::{Committer, Publisher};
use base::{Actor, Problem, labels};
use http_door::ApiState;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

/// Serves until Ctrl-C.
pub(crate) fn serve(context: Context, asked: Serve) -> Result<Answer, Problem> {
    let wired = context.open()?;
    let config = context.config.with("http.listen", asked.listen)?;
    let address = config.listen()?;
    run(&config, wired)?;
    Ok(Answer::good("", json!({ "served": address })))
}

/// Issues a token.
pub(crate) fn token(context: &Context, asked: &Token) -> Result<Answer, Problem> {
    let actor: Actor = asked
        .actor
        .parse()
        .map_err(|refusal: base::ActorRefusal| Problem::from_refusal(refusal.label()))?;
    let wired = context.open_for_change()?;
    let operator = context.operator(asked.acting.operator.as_deref())?;
    let seconds = u64::from(asked.minutes) * 60;
    let token = http_door::token::issue(&wired.platform, &actor, seconds)?;
    let claims = token.rsplit_once('.').map_or(Vec::new(), |(claims, _)| claims.into());
    let bearer = actor.clone();
    let act = wired.act(move |work| token_issue(work, &operator, &bearer, &claims))?;
    let answer = json!({
        "actor": actor.to_string(),
        "token": token,
        "seconds": seconds,
        "act": act.0,
    });
    Ok(Answer::good(token, answer))
}

/// Serves a platform until Ctrl-C or a termination signal, publishing what is committed.
pub(crate) fn run(config: &Config, wired: Wired) -> Result<(), Problem> {
    let address = config.listen()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(Problem::from_io)?;
    let stop = Arc::new(AtomicBool::new(false));
    let publisher = wired.publisher()?;
    let heard = publisher.tally();
    let split = Arc::new(Notify::new());
    let sequencer = start_sequencer(config, publisher, Arc::clone(&stop), Arc::clone(&split))?;
    let rounds = Rounds::new(&wired);
    let made = rounds.lists_made();
    let rounds = rounds.start(Arc::clone(&stop))?;
    let committer = Arc::new(Committer::start(wired.platform.clone())?);
    let state = ApiState::new(wired.platform, committer, wired.ledger);
    let mut state = state.with_lists(wired.crl).counting_lists(made);
    state.witnesses = heard;
    let data = config.data();
    let served = runtime.block_on(async {
        let stopped = stopped()?;
        let listener = tokio::net::TcpListener::bind(address).await.map_err(Problem::from_io)?;
        let address = listener.local_addr().map_err(Problem::from_io)?;
        tracing::info!(%address, "serving");
        eprint_hint(&format!(
            "Serving on http://{address} until Ctrl-C. As a municipality, for example:\n\
             \x20 TOKEN=$({1} --data {0} token municipality:131016)\n\
             \x20 curl -s -H \"Authorization: Bearer $TOKEN\" http://{address}/v1/feed/131016\n\
             \x20 curl -s http://{address}/checkpoint\n",
            data.display(),
            program(),
        ));
        let shutdown = async {
            tokio::select! {
                () = stopped => {}
                () = split.notified() => {}
            }
        };
        http_door::serve(listener, state, shutdown).await
    });
    stop.store(true, Ordering::Release);
    rounds.thread().unpark();
    // What a round did not come to is due in the next one.
    drop(rounds.join());
    let published = sequencer.join();
    served?;
    published.unwrap_or_else(|_| Err(Problem::new(&labels::INTERNAL, "the sequencer failed")))
}

/// The sequencer: publishes at its interval, and once more at the end. What fails is tried again;
/// but when store and publication disagree nothing may be added to either, and serving ends.
fn start_sequencer(
    config: &Config,
    mut publisher: Publisher,
    stop: Arc<AtomicBool>,
    split: Arc<Notify>,
) -> Result<std::thread::JoinHandle<Result<(), Problem>>, Problem> {
    let pause = Duration::from_millis(u64::from(config.publish_ms()?));
    let run = move || {
        while !stop.load(Ordering::Acquire) {
            let begun = Instant::now();
            if let Err(problem) = publisher.publish() {
                tracing::error!(label = problem.label(), "publishing failed");
                if problem.label() == labels::LEDGER_SPLIT.text {
                    split.notify_one();
                    return Err(problem);
                }
            }
            // The wait for witnesses is part of the interval, not added to it.
            let left = pause.saturating_sub(begun.elapsed());
            std::thread::park_timeout(left.max(BREATH));
        }
        publisher.publish().map(|_| ())
    };
    std::thread::Builder::new().name("sequencer".to_owned()).spawn(run).map_err(Problem::from_io)
}

/// Resolves at Ctrl-C or a termination signal. From this call on neither ends the program by
/// itself.
pub(super) fn stopped() -> Result<impl Future<Output = ()>, Problem> {
    let mut interrupted = signal(SignalKind::interrupt()).map_err(Problem::from_io)?;
    let mut terminated = signal(SignalKind::terminate()).map_err(Problem::from_io)?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

pub(super) fn eprint_hint(text: &str) {
    use std::io::Write;
    // Standard error may be closed; then there is nobody to hint to.
    drop(std::io::stderr().lock().write_all(text.as_bytes()));
}

/// Between two rounds of publishing there is always time for others to write.
const BREATH: Duration = Duration::from_millis(20);
