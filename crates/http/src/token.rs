//! Callers' tokens: JSON Web Tokens (RFC 7519) in compact JWS form (RFC 7515), signed by the
//! platform's own Ed25519 key (`EdDSA`, RFC 8037).
//!
//! Owns the claims and the strictness: one algorithm, a key of ours named (`kid`), no critical
//! extension, no audience, a bounded size and a bounded life. No claim is looked at before the
//! signature verifies. A token of a former key is good until it expires, or until an operator ends
//! that key's time.

use app::Platform;
use app::epochs::Epochs;
use app::key_roles::KeyRole;
use app::key_rotate::TOKEN_VALID_S_MAX;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base::{Actor, Label, Moment, Problem, labels};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ports::KeyLabel;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;
use std::time::Duration;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    iat: i64,
    nbf: Option<i64>,
    exp: i64,
    jti: String,
    aud: Option<IgnoredAny>,
}

/// Issues a token for an actor, valid for `valid_s` seconds from now, at most 31 days.
///
/// # Errors
/// `actor_kind` for the platform itself, which never calls from outside; `token_malformed` for a
/// life of no or too many seconds; what the key store refuses.
pub fn issue(platform: &Platform, actor: &Actor, valid_s: u64) -> Result<String, Problem> {
    if *actor == Actor::Platform {
        return Err(Problem::new(&labels::ACTOR_KIND, "the platform does not call itself"));
    }
    let valid_s = i64::try_from(valid_s).ok().filter(|s| (1..=TOKEN_VALID_S_MAX).contains(s));
    let valid_s = valid_s.ok_or_else(|| {
        malformed(format!("a token is valid for 1 to {TOKEN_VALID_S_MAX} seconds"))
    })?;
    let mut id = [0; 16];
    (platform.entropy)().fill(&mut id);
    let iat = platform.clock.now().seconds();
    let claims = json!({
        "iss": ISSUER,
        "sub": actor.to_string(),
        "iat": iat,
        "exp": iat.saturating_add(valid_s),
        "jti": format!("{:032x}", u128::from_be_bytes(id)),
    });
    let epochs = platform.epochs_lately()?;
    let key = epochs.in_use(KeyRole::Token);
    let header = json!({ "alg": ALGORITHM, "kid": key.as_str(), "typ": TYPE });
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    let signed = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(claims.to_string().as_bytes())
    );
    let signature = platform.keys.sign(key, signed.as_bytes())?;
    Ok(format!("{signed}.{}", encode(&signature)))
}

/// The actor that a token speaks for, if it is the platform's and valid at `now`.
///
/// # Errors
/// `token_malformed`, `token_signature`, `token_expired`, or `caller_unknown` for a token that is
/// genuine and names no caller; what the key store refuses.
pub fn verify(platform: &Platform, token: &str, now: Moment) -> Result<Actor, Problem> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(malformed("too long"));
    }
    let (signed, signature) = token.rsplit_once('.').ok_or_else(|| malformed("not three parts"))?;
    let (header, claims) = signed.split_once('.').ok_or_else(|| malformed("not three parts"))?;
    if claims.contains('.') {
        return Err(malformed("not three parts"));
    }
    let key = check_header(&decode(header)?)?;
    if !counts(platform, &key)? {
        return Err(Problem::new(&labels::TOKEN_SIGNATURE, "by no key that counts"));
    }
    let public = platform.ed25519_key(&key)?;
    UnparsedPublicKey::new(&ED25519, public)
        .verify(signed.as_bytes(), &decode(signature)?)
        .map_err(|_| Problem::new(&labels::TOKEN_SIGNATURE, ""))?;
    let claims: Claims = serde_json::from_slice(&decode(claims)?)
        .map_err(|_| malformed("the claims are not as they should be"))?;
    claims.check(now.seconds())?;
    claims.actor()
}

/// Whether a token may be signed with this key. Before it is said that a key does not count, it is
/// looked for once more: another process may have put it into use this moment.
fn counts(platform: &Platform, key: &KeyLabel) -> Result<bool, Problem> {
    let counts = |epochs: &Epochs| Ok::<_, Problem>(epochs.counting(KeyRole::Token)?.contains(key));
    Ok(counts(&*platform.epochs_lately()?)? || counts(&*platform.epochs_within(A_MOMENT)?)?)
}

/// The key that the header names.
fn check_header(text: &[u8]) -> Result<KeyLabel, Problem> {
    let header: Header =
        serde_json::from_slice(text).map_err(|_| malformed("the header is not as it should be"))?;
    if header.alg != ALGORITHM {
        return Err(malformed("the algorithm is not EdDSA"));
    }
    if header.crit.is_some() {
        return Err(malformed("a critical extension is not understood"));
    }
    if header.typ.is_some_and(|kind| !kind.eq_ignore_ascii_case(TYPE)) {
        return Err(malformed("not of type JWT"));
    }
    let key = header.kid.and_then(|key| key.parse().ok());
    key.ok_or_else(|| malformed("the header names no key"))
}

impl Claims {
    fn check(&self, now_s: i64) -> Result<(), Problem> {
        if self.aud.is_some() {
            return Err(malformed("meant for another audience"));
        }
        if self.jti.is_empty() || self.exp.saturating_sub(self.iat) > TOKEN_VALID_S_MAX {
            return Err(malformed("without an id, or with too long a life"));
        }
        let from = self.nbf.unwrap_or(self.iat).max(self.iat);
        if now_s >= self.exp {
            return Err(when(&labels::TOKEN_EXPIRED, "expired"));
        }
        // Hosts of one platform may differ by a little.
        if now_s.saturating_add(SKEW_S) < from {
            return Err(when(&labels::TOKEN_EXPIRED, "not yet valid"));
        }
        Ok(())
    }

    fn actor(&self) -> Result<Actor, Problem> {
        let unknown = |detail| Problem::new(&labels::CALLER_UNKNOWN, detail);
        if self.iss != ISSUER {
            return Err(unknown("the token is of another issuer"));
        }
        match self.sub.parse() {
            Ok(Actor::Platform) | Err(_) => Err(unknown("the token names no caller")),
            Ok(actor) => Ok(actor),
        }
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Problem> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed("not base64url without padding"))
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(&labels::TOKEN_MALFORMED, detail)
}

fn when(label: &'static Label, detail: &str) -> Problem {
    Problem::new(label, detail)
}

const ISSUER: &str = "sekisho";
const ALGORITHM: &str = "EdDSA";
const TYPE: &str = "JWT";
/// Longest token: the longest actor name needs less than a third of it.
const TOKEN_BYTES_MAX: usize = 1_024;
const SKEW_S: i64 = 5;
/// Tokens of unknown keys must not make the store be asked each time.
const A_MOMENT: Duration = Duration::from_millis(20);
