//! Golden files: what others read, compared byte by byte; `SEKISHO_GOLDEN=write` writes them anew.

use std::fs;
use std::path::Path;

/// Compares with the file of this name in `golden/`, or writes it.
pub(crate) fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if std::env::var_os("SEKISHO_GOLDEN").is_some_and(|mode| mode == "write") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, found).unwrap();
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(found.lines()).position(|(kept, found)| kept != found);
    let shown = differs.map_or("the length differs".to_owned(), |at| {
        let line = |text: &str| text.lines().nth(at).unwrap_or("").to_owned();
        format!("line {}\nkept  {}\nfound {}", at + 1, line(&kept), line(found))
    });
    assert!(kept == found, "golden/{name} is another text; `make golden` writes it.\n{shown}");
}
