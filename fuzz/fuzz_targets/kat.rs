//! Known-answer questions out of any text: each is answered with one line, a JSON object that
//! carries the question's id and either an output or a refusal. The source is the program's own.
#![no_main]

#[path = "../../crates/sekisho/src/kat/mod.rs"]
mod kat;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|line: &str| {
    let answer = kat::answer_line(line);
    assert!(!answer.contains('\n'));
    let answer: Value = serde_json::from_str(&answer).expect("an answer is JSON");
    let question = serde_json::from_str::<Value>(line).ok();
    if let Some(id) = question.as_ref().and_then(|question| question.as_object()?.get("id"))
        && (id.is_string() || id.is_u64())
    {
        assert_eq!(answer["id"], *id);
    }
    assert_eq!(answer.as_object().map(serde_json::Map::len), Some(3));
    if answer["ok"] == true {
        assert!(!answer["output"].is_null());
    } else {
        let refusal = answer["refusal"].as_str().expect("a label");
        let in_label =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(!refusal.is_empty() && refusal.bytes().all(in_label));
    }
    assert!(kat::help().contains("ff1_encrypt"));
});
