//! Questions about ciphers: FF1, sealing and HMAC, each with the key that the question brings.

use super::{Answer, Question, to_hex};
use aws_lc_rs::aead::{
    AES_128_GCM, AES_128_GCM_SIV, AES_192_GCM, AES_256_GCM, AES_256_GCM_SIV, Aad, Algorithm,
    LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use aws_lc_rs::hmac;
use numbers::ff1::{Ff1, Ff1Refusal};
use serde_json::{Value, json};

pub(super) fn ff1_encrypt(question: &Question) -> Answer {
    ff1(question, Ff1::encrypt)
}

pub(super) fn ff1_decrypt(question: &Question) -> Answer {
    ff1(question, Ff1::decrypt)
}

type Ff1Step = fn(&Ff1, &[u8], &[u16]) -> Result<Vec<u16>, Ff1Refusal>;

fn ff1(question: &Question, step: Ff1Step) -> Answer {
    let refusal = |refusal: Ff1Refusal| refusal.label();
    let radix = u32::try_from(question.whole("radix")?).map_err(|_| "ff1_radix")?;
    let key = question.bytes("key")?;
    let tweak = question.bytes_or_none("tweak")?;
    let ff1 = Ff1::new(&key, radix).map_err(refusal)?;
    let ff1 = match question.0.get("legacy_domains") {
        None | Some(Value::Bool(false)) => ff1,
        Some(Value::Bool(true)) => ff1.accepting_legacy_domains(),
        Some(_) => return Err("kat_argument"),
    };
    match question.field("digits")? {
        Value::String(text) if radix <= TEXT_RADIX_MAX => {
            let output = step(&ff1, &tweak, &digits_of_text(text)?).map_err(refusal)?;
            let letter = |digit: u16| char::from_digit(digit.into(), TEXT_RADIX_MAX);
            Ok(output.into_iter().filter_map(letter).collect::<String>().into())
        }
        Value::Array(list) => {
            Ok(step(&ff1, &tweak, &digits_of_list(list)?).map_err(refusal)?.into())
        }
        _ => Err("kat_argument"),
    }
}

fn digits_of_text(text: &str) -> Result<Vec<u16>, &'static str> {
    let digit = |c: char| c.to_digit(TEXT_RADIX_MAX).map(|digit| digit as u16);
    text.chars().map(digit).collect::<Option<_>>().ok_or("ff1_digit")
}

fn digits_of_list(list: &[Value]) -> Result<Vec<u16>, &'static str> {
    let digit = |value: &Value| {
        let digit = value.as_i64().ok_or("kat_argument")?;
        u16::try_from(digit).map_err(|_| "ff1_digit")
    };
    list.iter().map(digit).collect()
}

pub(super) fn aes_gcm_seal(question: &Question) -> Answer {
    aead_seal(question, gcm)
}

pub(super) fn aes_gcm_open(question: &Question) -> Answer {
    aead_open(question, gcm)
}

pub(super) fn aes_gcm_siv_seal(question: &Question) -> Answer {
    aead_seal(question, gcm_siv)
}

pub(super) fn aes_gcm_siv_open(question: &Question) -> Answer {
    aead_open(question, gcm_siv)
}

pub(super) type Cipher = fn(usize) -> Option<&'static Algorithm>;

pub(super) fn gcm(key_bytes: usize) -> Option<&'static Algorithm> {
    match key_bytes {
        16 => Some(&AES_128_GCM),
        24 => Some(&AES_192_GCM),
        32 => Some(&AES_256_GCM),
        _ => None,
    }
}

pub(super) fn gcm_siv(key_bytes: usize) -> Option<&'static Algorithm> {
    match key_bytes {
        16 => Some(&AES_128_GCM_SIV),
        32 => Some(&AES_256_GCM_SIV),
        _ => None,
    }
}

fn aead_seal(question: &Question, cipher: Cipher) -> Answer {
    let (key, nonce) = aead_key(question, cipher)?;
    let aad = Aad::from(question.bytes_or_none("aad")?);
    let mut body = question.bytes("plaintext")?;
    let tag = key.seal_in_place_separate_tag(nonce, aad, &mut body);
    let tag = tag.map_err(|_| "aead_length")?;
    Ok(json!({ "ciphertext": to_hex(&body), "tag": to_hex(tag.as_ref()) }))
}

fn aead_open(question: &Question, cipher: Cipher) -> Answer {
    let (key, nonce) = aead_key(question, cipher)?;
    let aad = Aad::from(question.bytes_or_none("aad")?);
    let mut body = question.bytes("ciphertext")?;
    let tag = question.bytes("tag")?;
    if tag.len() != TAG_LEN {
        return Err("aead_tag_length");
    }
    body.extend_from_slice(&tag);
    let plain = key.open_in_place(nonce, aad, &mut body).map_err(|_| "aead_authentication")?;
    Ok(to_hex(plain).into())
}

fn aead_key(question: &Question, cipher: Cipher) -> Result<(LessSafeKey, Nonce), &'static str> {
    let key = question.bytes("key")?;
    let nonce = question.bytes("nonce")?;
    let nonce = <[u8; NONCE_LEN]>::try_from(nonce).map_err(|_| "aead_nonce_length")?;
    let cipher = cipher(key.len()).ok_or("aead_key_length")?;
    let key = UnboundKey::new(cipher, &key).map_err(|_| "aead_key_length")?;
    Ok((LessSafeKey::new(key), Nonce::assume_unique_for_key(nonce)))
}

pub(super) fn hmac_sha256(question: &Question) -> Answer {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &question.bytes("key")?);
    let message = question.bytes("message")?;
    Ok(to_hex(hmac::sign(&key, &message).as_ref()).into())
}

/// Highest radix whose digits have letters, 0-9 a-z.
const TEXT_RADIX_MAX: u32 = 36;
const TAG_LEN: usize = 16;
