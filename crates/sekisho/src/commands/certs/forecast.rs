//! `certs forecast`: the waves of renewals that come, as a table, as CSV or as a chart.

use super::chart::{Bars, chart};
use super::municipality;
use crate::cli::{CertsForecast, ForecastFormat};
use crate::commands::Context;
use crate::output::{Answer, grouped, table};
use app::certificate_forecast::{Forecast, certificate_forecast};
use authority::forecast::{Wave, Week};
use base::{Date, Problem};
use numbers::LocalGovernmentCode;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Tells the forecast.
pub(super) fn forecast(context: &Context, asked: &CertsForecast) -> Result<Answer, Problem> {
    let only = asked.municipality.as_deref().map(municipality).transpose()?;
    let wired = context.open()?;
    let forecast = certificate_forecast(&wired.platform, asked.weeks, only)?;
    let text = match asked.format {
        ForecastFormat::Table => shown(&forecast),
        ForecastFormat::Csv => csv(&forecast.waves),
        ForecastFormat::Svg => chart(&bars(&forecast, asked.weeks, only)),
    };
    Ok(Answer::good(text, facts(&forecast)))
}

/// All municipalities together, week by week.
fn sums(waves: &[Wave]) -> Vec<Week> {
    let mut weeks: Vec<Week> = Vec::new();
    for wave in waves {
        for (at, week) in wave.weeks.iter().enumerate() {
            match weeks.get_mut(at) {
                Some(sum) => {
                    sum.expiring += week.expiring;
                    sum.invited += week.invited;
                }
                None => weeks.push(*week),
            }
        }
    }
    weeks
}

fn shown(forecast: &Forecast) -> String {
    let weeks = sums(&forecast.waves);
    let rows: Vec<_> = weeks
        .iter()
        .filter(|week| week.expiring + week.invited > 0)
        .map(|week| vec![week.monday.to_string(), grouped(week.expiring), grouped(week.invited)])
        .collect();
    let mut text = table(&["week from", "certificates end", "certificates to renew"], &rows);
    let busiest = forecast.waves.iter().filter(|wave| wave.level > 0).max_by_key(|wave| wave.level);
    match busiest {
        Some(wave) => {
            let of = match forecast.waves.len() {
                1 => "1 municipality".to_owned(),
                several => format!("{several} municipalities"),
            };
            let (level, code) = (grouped(wave.level), wave.municipality);
            // Writing into a String cannot fail.
            let _ = write!(
                text,
                "\nWeeks without any are left out. {of}; the most renewals in a week, {level}, are \
                 {code}'s: no plan has fewer. Whoever renews both certificates counts twice."
            );
        }
        None => text.push_str("\nNo certificate ends in these weeks."),
    }
    text
}

fn csv(waves: &[Wave]) -> String {
    let mut text = String::from("municipality,week_from,certificates_end,certificates_to_renew\n");
    for wave in waves {
        for Week { monday, expiring, invited } in &wave.weeks {
            let _ = writeln!(text, "{},{monday},{expiring},{invited}", wave.municipality);
        }
    }
    text
}

fn facts(forecast: &Forecast) -> Value {
    let weeks = |weeks: &[Week]| -> Value {
        let one = |week: &Week| {
            json!({
                "monday": week.monday.to_string(),
                "expiring": week.expiring,
                "invited": week.invited,
            })
        };
        weeks.iter().map(one).collect()
    };
    let wave = |wave: &Wave| {
        json!({
            "municipality": wave.municipality.to_string(),
            "level": wave.level,
            "weeks": weeks(&wave.weeks),
        })
    };
    json!({
        "today": forecast.today.to_string(),
        "weeks": weeks(&sums(&forecast.waves)),
        "municipalities": forecast.waves.iter().map(wave).collect::<Vec<_>>(),
    })
}

fn bars(forecast: &Forecast, weeks: u16, only: Option<LocalGovernmentCode>) -> Bars {
    let place = only.and_then(places::by_code).map(|place| place.name());
    let of = match (only, place) {
        (Some(code), Some(name)) => format!("{name}（{code}）"),
        _ => "全市区町村 / all municipalities".to_owned(),
    };
    let sums = sums(&forecast.waves);
    let day = |week: &Week| -> Date { week.monday };
    Bars {
        title: "電子証明書の更新の予測 / Renewals of certificates to come".to_owned(),
        subtitle: format!("{of} · {} から {weeks} 週 / {weeks} weeks from {0}", forecast.today),
        weeks: sums.iter().map(day).collect(),
        expiring: sums.iter().map(|week| week.expiring).collect(),
        invited: sums.iter().map(|week| week.invited).collect(),
    }
}
