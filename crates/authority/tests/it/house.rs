//! A house of both authorities with fixed keys, and one certificate of each form.
//!
//! The keys stand in the repository for everybody to read; nothing is protected by them.

use authority::profile::{Form, Issuer, OwnContent, Partition, Profile, ProfileSettings};
use authority::{
    CertificateContent, CertificateKind, EncodedText, Locality, PersonalAttributes, SubjectName,
};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair};
use base::{Moment, Personal};
use sekisho_authority as authority;
use x509::{
    Covers, CrlBuilder, CrlEntry, CrlProfile, CrlScope, KeyAlgorithm, PublicKey, Serial,
    TbsCertificate, assemble, pem,
};

/// What an authority may sign with.
pub(crate) const ALGORITHMS: [KeyAlgorithm; 3] =
    [KeyAlgorithm::Rsa2048, KeyAlgorithm::P256, KeyAlgorithm::P384];

/// Both authorities.
pub(crate) struct House {
    pub(crate) profile: Profile,
    algorithm: KeyAlgorithm,
    /// How much longer than usual everything is valid.
    longer_us: i64,
}

/// A certificate, and what it was made from.
pub(crate) struct Made {
    pub(crate) word: &'static str,
    pub(crate) form: Form,
    pub(crate) issuer: Issuer,
    pub(crate) tbs: Vec<u8>,
    pub(crate) der: Vec<u8>,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl House {
    pub(crate) fn new(algorithm: KeyAlgorithm) -> Self {
        Self::with(algorithm, ProfileSettings::default())
    }

    pub(crate) fn with(algorithm: KeyAlgorithm, settings: ProfileSettings) -> Self {
        Self { profile: Profile::new(settings).unwrap(), algorithm, longer_us: 0 }
    }

    /// A house whose certificates are valid for decades: GnuTLS judges by today's date.
    pub(crate) fn lasting(algorithm: KeyAlgorithm) -> Self {
        Self { longer_us: 23 * 365 * 86_400_000_000, ..Self::new(algorithm) }
    }

    pub(crate) fn issuer(&self, kind: CertificateKind) -> Issuer {
        self.profile.issuer(kind, &self.root_content(kind))
    }

    /// One certificate of each form.
    pub(crate) fn all(&self, kind: CertificateKind) -> [Made; 4] {
        let issuer = self.issuer(kind);
        let mut holder = holder_content(kind, holder_key(self.algorithm));
        holder.not_after = holder.not_after.plus_us(self.longer_us);
        let mut own = own_content(self.algorithm);
        own.not_after = own.not_after.plus_us(self.longer_us);
        let profile = &self.profile;
        [
            self.made(kind, Form::Root, profile.root(kind, &self.root_content(kind)).unwrap()),
            self.made(kind, Form::Holder, profile.holder(&issuer, &holder).unwrap()),
            self.made(kind, Form::Responder, profile.responder(&issuer, &own).unwrap()),
            self.made(kind, Form::TimeStamper, profile.time_stamper(&issuer, &own).unwrap()),
        ]
    }

    /// The list of a form's certificates, good for a day from `at`, with the entry if there is one.
    pub(crate) fn list(
        &self,
        (kind, form): (CertificateKind, Form),
        this_update: Moment,
        entry: Option<CrlEntry>,
    ) -> Vec<u8> {
        let issuer = self.issuer(kind);
        let names = self.profile.points(&issuer, partition(form)).unwrap();
        let scope = CrlScope { names, covers: Covers::EndEntities };
        let profile = CrlProfile {
            algorithm: self.algorithm,
            issuer: &issuer.name,
            authority_key: &issuer.public_key.key_identifier(),
            this_update,
            next_update: this_update.plus_us(86_400_000_000),
            number: 1_u64.into(),
            delta_of: None,
            scope: Some(&scope),
            freshest: &[],
            expired_since: None,
        };
        let mut list = CrlBuilder::new(&profile, 1).unwrap();
        entry.iter().for_each(|entry| list.push(entry).unwrap());
        let list = list.finish();
        let signature = Pair::of(kind, self.algorithm).sign(list.as_bytes());
        list.assemble(&signature)
    }

    #[expect(clippy::needless_pass_by_value, reason = "what was composed is used up")]
    fn made(&self, kind: CertificateKind, form: Form, tbs: TbsCertificate) -> Made {
        let bytes = tbs.encode();
        let pair = Pair::of(kind, self.algorithm);
        let der = assemble(&bytes, self.algorithm, &pair.sign(&bytes));
        Made { word: word(form), form, issuer: self.issuer(kind), tbs: bytes, der }
    }

    fn root_content(&self, kind: CertificateKind) -> OwnContent {
        OwnContent {
            serial: Serial::try_from(0x067c_6a21).unwrap(),
            not_before: at(1_735_657_200),
            not_after: at(2_051_276_399).plus_us(self.longer_us),
            public_key: Pair::of(kind, self.algorithm).public(),
        }
    }
}

impl Pair {
    fn of(kind: CertificateKind, algorithm: KeyAlgorithm) -> Self {
        let der = key_file(&format!("{kind}-{algorithm}"));
        let ecdsa = |signing| Self::Ecdsa(EcdsaKeyPair::from_pkcs8(signing, &der).unwrap());
        match algorithm {
            KeyAlgorithm::P256 => ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyAlgorithm::P384 => ecdsa(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyAlgorithm::Rsa2048 => Self::Rsa(RsaKeyPair::from_pkcs8(&der).unwrap()),
            KeyAlgorithm::Ed25519 => panic!("no authority has such a key"),
        }
    }

    fn public(&self) -> PublicKey {
        let (algorithm, bits) = match self {
            Self::Rsa(pair) => (KeyAlgorithm::Rsa2048, pair.public_key().as_ref()),
            Self::Ecdsa(pair) => match pair.public_key().as_ref() {
                bits if bits.len() == 65 => (KeyAlgorithm::P256, bits),
                bits => (KeyAlgorithm::P384, bits),
            },
        };
        PublicKey::new(algorithm, bits.to_vec()).unwrap()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Ecdsa(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                let padding = &signature::RSA_PKCS1_SHA256;
                pair.sign(padding, &random, message, &mut out).unwrap();
                out
            }
        }
    }
}

/// The list that a certificate of this form is revoked on.
pub(crate) fn partition(form: Form) -> Partition {
    match form {
        Form::Root => Partition::Authorities,
        Form::Holder => Partition::Municipality("132217".parse().unwrap()),
        Form::Responder | Form::TimeStamper => Partition::Platform,
    }
}

/// What a person's certificate says.
pub(crate) fn holder_content(kind: CertificateKind, public_key: PublicKey) -> CertificateContent {
    let signature = kind == CertificateKind::Signature;
    let common_name =
        if signature { "202611200915300000113221003A" } else { "0AZ19BY28CX37D13221003A" };
    let locality =
        Locality { prefecture: "Tokyo-to".to_owned(), municipality: "Kiyose-shi".to_owned() };
    CertificateContent {
        kind,
        serial: 0x0132_c4ab,
        not_before: at(1_795_133_730),
        not_after: at(1_929_106_799),
        subject: SubjectName {
            locality: Some(locality).filter(|_| signature),
            common_name: common_name.to_owned(),
        },
        personal: signature.then(personal),
        municipality: "132217".parse().unwrap(),
        public_key,
    }
}

pub(crate) fn holder_key(algorithm: KeyAlgorithm) -> PublicKey {
    let name = if algorithm == KeyAlgorithm::Rsa2048 { "holder-rsa2048" } else { "holder-p256" };
    PublicKey::from_spki(&key_file(name)).unwrap()
}

fn personal() -> PersonalAttributes {
    let text = |text: &str, substitutes: &str| EncodedText {
        text: Personal::new(text),
        substitutes: Personal::new(substitutes),
    };
    PersonalAttributes {
        name: text("高橋　花子", "10000"),
        birth_date: Personal::new("419980217"),
        sex: Personal::new("2"),
        address: text("東京都清瀬市中里五丁目８４２番地", "0000000000000000"),
    }
}

fn own_content(algorithm: KeyAlgorithm) -> OwnContent {
    OwnContent {
        serial: Serial::try_from(0x0132_c4ac).unwrap(),
        not_before: at(1_795_133_730),
        not_after: at(1_797_725_730),
        public_key: holder_key(algorithm),
    }
}

fn word(form: Form) -> &'static str {
    match form {
        Form::Root => "root",
        Form::Holder => "holder",
        Form::Responder => "responder",
        Form::TimeStamper => "time-stamper",
    }
}

fn key_file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/it/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    pem::decode(&text).unwrap().1
}

const fn at(second: i64) -> Moment {
    Moment::from_us(second * 1_000_000)
}
