//! Progress of long steps, on standard error and only where somebody watches.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// A bar for a step of known length; silent when `quiet` or when nobody watches.
pub(crate) fn bar(what: &'static str, length: u64, quiet: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), target(quiet));
    if let Ok(style) = ProgressStyle::with_template(
        "{msg:<28} {bar:32} {human_pos:>10}/{human_len} {per_sec:>14} {elapsed:>4}",
    ) {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}

/// A spinner for a step of unknown length.
pub(crate) fn spinner(what: &'static str, quiet: bool) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, target(quiet));
    if let Ok(style) =
        ProgressStyle::with_template("{msg:<28} {spinner} {human_pos:>10} {elapsed:>4}")
    {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn target(quiet: bool) -> ProgressDrawTarget {
    if quiet || !std::io::stderr().is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    }
}
