//! Production runs, killed runs, what a crash leaves open, and the forecast of what was issued.

use crate::bureau::{Bureau, CARD_END, P256, base64_of, openssl};
use crate::feeds::{CHIYODA, CHUO, HEADER, line};
use crate::golden::golden;
use serde_json::Value;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

/// A file of requests for all residents, one kind each, and its path.
fn requests(bureau: &Bureau, kind: &str) -> String {
    let mut text = String::from("code,kind,request,card_end\n");
    for (at, code) in bureau.codes.iter().enumerate() {
        let request = encoded(bureau, &format!("{kind}-{at}"));
        text.push_str(&format!("{code},{kind},{request},{CARD_END}\n"));
    }
    bureau.house.write(&format!("{kind}.csv"), text)
}

fn encoded(bureau: &Bureau, name: &str) -> String {
    let (request, out) = (bureau.request(name, P256), bureau.at(&format!("{name}.der")));
    openssl(&["req", "-in", &request, "-outform", "DER", "-out", &out]);
    base64_of(&out)
}

fn run<'a>(file: &'a str, out: &'a str, form: &'a str) -> Vec<&'a str> {
    vec!["certs", "batch", file, "--municipality", CHIYODA, "--out", out, "--form", form]
}

fn counts(report: &Value) -> (u64, u64) {
    (report["issued"].as_u64().unwrap(), report["repeated"].as_u64().unwrap())
}

#[test]
fn a_run_issues_refuses_by_line_and_changes_nothing_the_second_time() {
    let bureau = Bureau::open("p256", 3);
    let good = fs::read_to_string(requests(&bureau, "authentication")).unwrap();
    let [request, code] = [encoded(&bureau, "other"), bureau.codes[0].clone()];
    let mut bad = good.clone();
    bad.push_str(&format!("{code},signature,AAAA,{CARD_END}\n"));
    bad.push_str(&format!("{code},signature\n"));
    bad.push_str(&format!("{code},authentication,{request},{CARD_END}\n"));
    let (file, out) = (bureau.house.write("run.csv", bad), bureau.at("out"));
    let report = bureau.house.ask(&run(&file, &out, "der")).does_not_hold();
    assert_eq!(counts(&report), (3, 0));
    let problems: Vec<_> = report["problems"].as_array().unwrap().iter().collect();
    let shown: Vec<_> =
        problems.iter().map(|one| (one["line"].as_u64(), one["label"].as_str())).collect();
    assert_eq!(
        shown,
        [
            (Some(5), Some("der_tag")),
            (Some(6), Some("request_malformed")),
            (Some(7), Some("certificate_issuance_under_way")),
        ]
    );
    let again = bureau.house.ask(&run(&file, &out, "der")).does_not_hold();
    assert_eq!((counts(&again), &again["refused"]["certificate_in_force"]), ((0, 3), &1.into()));
    for place in 0..3 {
        let name = format!("out/{}.der", place + 2);
        let pem = openssl(&["x509", "-in", &bureau.at(&name)]);
        bureau.house.write(&format!("{place}.pem"), pem);
        bureau.believed(&format!("{place}.pem"));
    }
    // Another directory: what was issued is told again, to whom it belongs and to nobody else.
    let (elsewhere, chuo) = (bureau.at("elsewhere"), bureau.at("chuo"));
    let file = bureau.house.write("good.csv", good);
    let told = bureau.house.ask(&run(&file, &elsewhere, "pem")).good();
    assert_eq!(counts(&told), (0, 3));
    let text = fs::read_to_string(bureau.at("elsewhere/certificates.pem")).unwrap();
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 3);
    let other = ["certs", "batch", &file, "--municipality", CHUO, "--out", &chuo];
    let told = bureau.house.ask(&other).does_not_hold();
    assert_eq!(told["refused"]["resident_absent"], 3);
    // What is held is not handed out again.
    let code = bureau.at("code-0");
    bureau.house.ask(&["certs", "end", "--trigger", "reported_missing", "--code", &code]).good();
    let told = bureau.house.ask(&run(&file, &bureau.at("third"), "pem")).does_not_hold();
    assert_eq!((counts(&told), &told["refused"]["certificate_key_used"]), ((0, 2), &1.into()));
    bureau.house.done();
}

#[test]
fn a_run_that_was_killed_goes_on_where_it_stopped() {
    let bureau = Bureau::open("rsa2048", 12);
    let (file, out) = (requests(&bureau, "signature"), bureau.at("out"));
    let arguments = run(&file, &out, "pem");
    for moment in [20, 60, 110, 170, 240] {
        let mut command = bureau.house.command(&arguments);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(moment));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let report = bureau.house.ask(&arguments).good();
    let (issued, repeated) = counts(&report);
    assert_eq!(issued + repeated, 12);
    let text = fs::read_to_string(bureau.at("out/certificates.pem")).unwrap();
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 12);
    let notes = fs::read_to_string(bureau.at("out/results.jsonl")).unwrap();
    let mut serials: Vec<u64> = notes
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["serial"].as_u64().unwrap())
        .collect();
    serials.sort_unstable();
    serials.dedup();
    assert_eq!(serials.len(), 12);
    for resident in [0, 11] {
        assert_eq!(bureau.listed(resident).len(), 1);
    }
    let finished = bureau.house.ask(&["certs", "finish"]).good();
    assert_eq!((&finished["issued"], &finished["left"]), (&0.into(), &0.into()));
    bureau.house.done();
}

#[test]
fn an_issuance_killed_at_any_step_is_finished_or_never_began() {
    let bureau = Bureau::open("p256", 1);
    let request = bureau.request("holder", P256);
    let code = bureau.at("code-0");
    let who = ["certs", "issue", "--municipality", CHIYODA, "--kind", "authentication"];
    let what = ["--code", &code, "--request", &request, "--card-end", CARD_END];
    let start = bureau.house;
    for moment in [5, 15, 25, 40, 60, 90] {
        let house = start.copy();
        let mut command = house.command(&[&who[..], &what].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(moment));
        child.kill().unwrap();
        child.wait().unwrap();
        let finished = house.ask(&["certs", "finish"]).good();
        assert_eq!(finished["left"], 0);
        let told = house.ask(&["certs", "list", "--code", &code]).good();
        let states: Vec<_> = told["certificates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["state"].as_str().unwrap())
            .collect();
        assert!(states.is_empty() || states == ["in_force"], "{states:?}");
        let again = house.ask(&[&who[..], &what].concat()).good();
        assert_eq!(again["repeated"], !states.is_empty());
        house.done();
    }
}

#[test]
fn golden_forecast_of_what_was_issued() {
    let bureau = Bureau::open("p256", 6);
    let config = "[clock]\nsource = '2030-06-03T00:00:00Z'\n";
    let config = bureau.house.write("then.toml", config);
    let now = ["--config", &config];
    let (file, out) = (requests(&bureau, "authentication"), bureau.at("out"));
    bureau.house.ask(&[&now[..], &run(&file, &out, "der")].concat()).good();
    // Who died is not invited.
    let death = [HEADER, &line(7, "death", &bureau.codes[0], "")].concat();
    let death = bureau.house.write("death.csv", death);
    assert_eq!(bureau.house.ask(&[&now[..], &["import", &death]].concat()).good()["applied"], 1);
    for (name, more) in [
        ("forecast.txt", &["--format", "table"][..]),
        ("forecast.csv", &["--format", "csv"]),
        ("forecast.svg", &["--format", "svg", "--municipality", CHIYODA]),
    ] {
        let asked = [&now[..], &["certs", "forecast", "--weeks", "262"], more].concat();
        let told = bureau.house.run(&asked);
        assert_eq!(told.code, 0, "{}", told.err);
        golden(name, &told.out);
    }
    bureau.house.done();
}
