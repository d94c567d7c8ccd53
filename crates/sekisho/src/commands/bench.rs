//! `sekisho bench`: measurements.

use super::Context;
use crate::cli::Bench;
use crate::output::Answer;
use base::Problem;

pub(crate) fn bench(_context: &Context, _asked: &Bench) -> Result<Answer, Problem> {
    Ok(Answer::good("", serde_json::Value::Null))
}
