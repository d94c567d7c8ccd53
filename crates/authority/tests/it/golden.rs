//! The name of every local government in Latin letters, compared line by line.
//! `SEKISHO_GOLDEN=write` writes the file anew.

use sekisho_authority::romaji::romanise;
use std::{fs, path::Path};

#[test]
fn every_romanised_name_is_as_it_was() {
    let mut lines = String::from("code,name,kana,romaji\n");
    for unit in places::all() {
        let (code, name, kana) = (unit.code(), unit.name(), unit.kana());
        lines.push_str(&format!("{code},{name},{kana},{}\n", romanise(unit)));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/romaji.csv");
    if std::env::var_os("SEKISHO_GOLDEN").is_some_and(|word| word == "write") {
        fs::write(&path, &lines).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    for (now, then) in lines.lines().zip(kept.lines()) {
        assert_eq!(now, then);
    }
    assert_eq!(lines.len(), kept.len());
}
