//! Tokens: what the platform issues it believes, and nothing else.

use crate::house::{CHIYODA, House};
use app::key_roles::KeyRole;
use app::key_rotate::{Asked, key_rotate};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sekisho_http::token;
use serde_json::{Value, json};

/// Signs whatever with the platform's own token key.
fn signed(house: &House, header: &str, claims: &str) -> String {
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let platform = &house.platform;
    let signature = platform.keys.sign(&platform.names.token, text.as_bytes()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn claims(house: &House) -> Value {
    let now = house.platform.clock.now().seconds();
    json!({ "iss": "sekisho", "sub": CHIYODA, "iat": now, "exp": now + 60, "jti": "1" })
}

fn label(house: &House, token: &str) -> &'static str {
    let platform = &house.platform;
    token::verify(platform, token, platform.clock.now()).map_or_else(|p| p.label(), |_| "good")
}

const HEADER: &str = r#"{"alg":"EdDSA","kid":"token/1","typ":"JWT"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_speaks_for_its_actor_while_it_is_valid() {
    let house = House::open().await;
    let platform = &house.platform;
    for text in [CHIYODA, "agency:nta", "operator:k.sato", "auditor:a"] {
        let token = token::issue(platform, &text.parse().unwrap(), 60).unwrap();
        let actor = token::verify(platform, &token, platform.clock.now()).unwrap();
        assert_eq!(actor.to_string(), text);
        assert!(token.len() < 512, "{}", token.len());
    }
    let token = token::issue(platform, &CHIYODA.parse().unwrap(), 60).unwrap();
    house.pass_seconds(59);
    assert_eq!(label(&house, &token), "good");
    house.pass_seconds(1);
    assert_eq!(label(&house, &token), "token_expired");
    house.pass_seconds(-66);
    assert_eq!(label(&house, &token), "token_expired");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_every_token_is_issued() {
    let house = House::open().await;
    let issue = |actor: &str, valid_s| {
        token::issue(&house.platform, &actor.parse().unwrap(), valid_s).unwrap_err().label()
    };
    assert_eq!(issue("platform", 60), "actor_kind");
    assert_eq!(issue(CHIYODA, 0), "token_malformed");
    assert_eq!(issue(CHIYODA, 31 * 24 * 3_600 + 1), "token_malformed");
    assert_eq!(issue(CHIYODA, u64::MAX), "token_malformed");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_and_claims_are_strict() {
    let house = House::open().await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut claims = claims(&house);
        change(&mut claims);
        label(&house, &signed(&house, HEADER, &claims.to_string()))
    };
    assert_eq!(with(&|_| {}), "good");
    assert_eq!(with(&|c| c["nbf"] = c["iat"].clone()), "good");
    assert_eq!(with(&|c| c["nbf"] = (c["iat"].as_i64().unwrap() + 30).into()), "token_expired");
    assert_eq!(with(&|c| c["exp"] = c["iat"].clone()), "token_expired");
    assert_eq!(
        with(&|c| c["exp"] = (c["iat"].as_i64().unwrap() + 32 * 86_400).into()),
        "token_malformed"
    );
    assert_eq!(with(&|c| c["exp"] = i64::MAX.into()), "token_malformed");
    assert_eq!(with(&|c| c["exp"] = "60".into()), "token_malformed");
    assert_eq!(with(&|c| c["aud"] = "other".into()), "token_malformed");
    assert_eq!(with(&|c| c["jti"] = "".into()), "token_malformed");
    assert_eq!(with(&|c| c["iss"] = "other".into()), "caller_unknown");
    assert_eq!(with(&|c| c["sub"] = "platform".into()), "caller_unknown");
    assert_eq!(with(&|c| c["sub"] = "municipality:131017".into()), "caller_unknown");
    for missing in ["iss", "sub", "iat", "exp", "jti"] {
        assert_eq!(with(&|c| drop(c.as_object_mut().unwrap().remove(missing))), "token_malformed");
    }
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"eddsa"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"EdDSA","crit":["exp"]}"#,
        r#"{"alg":"EdDSA","typ":"JOSE"}"#,
        r#"{"alg":"EdDSA","alg":"EdDSA"}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"EdDSA","typ":"JWT"}"#,
        r#"{"alg":"EdDSA","kid":"Token 1"}"#,
        r#"{"alg":"EdDSA","kid":1}"#,
        "",
    ] {
        let token = signed(&house, header, &claims(&house).to_string());
        assert_eq!(label(&house, &token), "token_malformed", "{header}");
    }
    let twice = claims(&house).to_string().replace('{', r#"{"sub":"auditor:a","#);
    assert_eq!(label(&house, &signed(&house, HEADER, &twice)), "token_malformed");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_a_former_key_is_good_until_that_key_is_ended() {
    let house = House::open().await;
    let operator = "operator:k.sato".parse().unwrap();
    let rotate = |finish| {
        let asked = Asked { role: KeyRole::Token, to: None, finish };
        key_rotate(&house.platform, &operator, &asked, &mut |_| ()).unwrap();
    };
    let with = |key: &str| {
        let header = HEADER.replace("token/1", key);
        label(&house, &signed(&house, &header, &claims(&house).to_string()))
    };
    let former = house.token(CHIYODA);
    // Only keys that count are looked at, whatever else is in the store.
    for key in ["token/2", "token/4294967295", "ledger/1", "kek/1", "nobody"] {
        assert_eq!(with(key), "token_signature", "{key}");
    }
    rotate(false);
    let newer = house.token(CHIYODA);
    assert_eq!((label(&house, &former), label(&house, &newer)), ("good", "good"));
    assert_eq!(with("token/2"), "token_signature", "signed by the other key");
    rotate(true);
    assert_eq!((label(&house, &former), label(&house, &newer)), ("token_signature", "good"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_changed_byte_goes_through() {
    let house = House::open().await;
    let good = house.token(CHIYODA);
    assert_eq!(label(&house, &good), "good");
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(label(&house, &changed).starts_with("token_"), "byte {at}");
    }
    for broken in ["", ".", "..", "a.b", &good[1..], &good[..good.len() - 1], &format!("{good}=")] {
        assert!(label(&house, broken).starts_with("token_"), "{broken}");
    }
    let long = signed(&house, HEADER, &format!("{}{}", claims(&house), " ".repeat(1_000)));
    assert_eq!(label(&house, &long), "token_malformed");

    // A token of another platform is as good as none.
    let other = House::open().await;
    assert_eq!(label(&house, &other.token(CHIYODA)), "token_signature");
    other.close().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_header_has_one_form() {
    let house = House::open().await;
    let token = house.token(CHIYODA);
    let asked = async |value: &str| {
        house.get("/v1/feed/131016").header("authorization", value).send().await
    };
    assert_eq!(asked(&format!("bearer {token}")).await.status.as_u16(), 200);
    for (value, label) in [
        (format!("Basic {token}"), "caller_unknown"),
        (token.clone(), "caller_unknown"),
        ("Bearer".to_owned(), "token_malformed"),
        (format!("Bearer {token} {token}"), "token_malformed"),
    ] {
        let answer = asked(&value).await;
        assert_eq!((answer.status.as_u16(), answer.label().as_str()), (401, label));
    }
    let two = house.get("/v1/feed/131016").by(CHIYODA).by("operator:o").send().await;
    assert_eq!(two.label(), "caller_unknown");
    house.close().await;
}
