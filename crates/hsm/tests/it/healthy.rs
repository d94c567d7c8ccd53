//! Healthy tokens: the suite of every key store, and what a token keeps to itself.

use crate::devices::{Token, open};

#[test]
fn the_suite_of_every_key_store() {
    let token = Token::new("sekisho test");
    keys::testing::suite(&open(vec![token.healthy()])).unwrap();
}
