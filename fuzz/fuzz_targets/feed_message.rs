//! One message as JSON, as the API takes it: the reader of text and the reader of values agree, and
//! what is taken reads back from what it writes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::FeedMessage;

fuzz_target!(|data: &[u8]| {
    let value = serde_json::from_slice::<serde_json::Value>(data);
    match FeedMessage::from_json(data) {
        Ok(message) => {
            let value = value.expect("a message is JSON");
            assert_eq!(FeedMessage::from_json_value(&value).as_ref(), Ok(&message));
            assert_eq!(FeedMessage::from_json_value(&message.to_json()).as_ref(), Ok(&message));
            let shown = format!("{message:?}");
            let record = message.event.record.as_ref();
            let name = record.map_or("", |record| record.name.reveal());
            assert!(name.len() < 20 || !shown.contains(name));
        }
        Err(problem) => {
            assert_ne!(problem.label(), "internal");
            assert!(problem.detail_text().is_ascii());
            // A field that stands twice is seen in the text alone.
            let twice = problem.detail_text() == "twice";
            if let Ok(value) = value {
                assert!(twice || FeedMessage::from_json_value(&value).is_err());
            }
        }
    }
});
