//! The configuration of the certification authority: what its certificates say beside what is the
//! holder's. Every value of the profile is a key; the defaults are obviously not official.
//!
//! A certificate keeps what it was issued with. Where lists and answers are is therefore decided
//! before the first one is issued.

use super::{Config, Key, malformed};
use app::CertificateProfile;
use authority::profile::{HierarchySettings, Profile, ProfileSettings, SettingsRefusal};
use base::Problem;
use x509::{KeyAlgorithm, ObjectIdentifier};

/// The keys of the section, in the order of the reference.
pub(super) static KEYS: &[Key] = &[
    Key {
        name: "authority.organization",
        default: "Sekisho Test PKI",
        meaning: "O= of the authorities' names. All names have at most 64 characters; names are part of \
                  what is signed, so an authority keeps those it was founded with.",
    },
    Key {
        name: "authority.organization_japanese",
        default: "関所試験認証基盤",
        meaning: "The same in the alternative names.",
    },
    Key {
        name: "authority.operator",
        default: "Sekisho Test Certification Body",
        meaning: "The last OU= of a root: the body that runs it.",
    },
    Key {
        name: "authority.operator_japanese",
        default: "関所試験認証機構",
        meaning: "The same in the alternative names.",
    },
    Key {
        name: "authority.signature_unit",
        default: "Sekisho Test PKI for digital signature",
        meaning: "The first OU= of the hierarchy for signatures (署名用).",
    },
    Key {
        name: "authority.signature_unit_japanese",
        default: "関所試験認証基盤署名用",
        meaning: "The same in the alternative names.",
    },
    Key {
        name: "authority.signature_policy",
        default: "1.3.6.1.4.1.32473.8.5.1.1.20",
        meaning: "Certificate policy of the holders' signature certificates.",
    },
    Key {
        name: "authority.signature_responder",
        default: "",
        meaning: "Address of the OCSP responder in signature certificates. Without one it is left out: \
                  whoever relies on a signature is registered, and told where to ask.",
    },
    Key {
        name: "authority.authentication_unit",
        default: "Sekisho Test PKI for user authentication",
        meaning: "The first OU= of the hierarchy for authentication (利用者証明用).",
    },
    Key {
        name: "authority.authentication_unit_japanese",
        default: "関所試験認証基盤利用者証明用",
        meaning: "The same in the alternative names.",
    },
    Key {
        name: "authority.authentication_policy",
        default: "1.3.6.1.4.1.32473.8.5.1.3.30",
        meaning: "Certificate policy of the holders' authentication certificates.",
    },
    Key {
        name: "authority.authentication_responder",
        default: "http://127.0.0.1:8790/ocsp",
        meaning: "Address of the OCSP responder in authentication certificates, as strangers reach it; \
                  empty to leave it out.",
    },
    Key {
        name: "authority.time_stamp_policy",
        default: "1.3.6.1.4.1.32473.8.5.1.9.10",
        meaning: "Policy of the platform's time stamps.",
    },
    Key {
        name: "authority.attributes",
        default: "1.3.6.1.4.1.32473.8.5.5",
        meaning: "Arc of the six attributes of a person; they are its numbers 1 to 6.",
    },
    Key {
        name: "authority.statement",
        default: "http://www.sekisho.example/cps.html",
        meaning: "Address of the certification practice statement.",
    },
    Key {
        name: "authority.lists",
        default: "http://127.0.0.1:8790/crl",
        meaning: "Address below which all revocation lists are, as strangers reach it, without a slash \
                  at its end. The lists lie in `crl` in the data directory and `serve` gives them out. \
                  Empty: distribution points have a directory name alone.",
    },
    Key {
        name: "authority.policies_critical",
        default: "true",
        meaning: "Whether readers that do not know the policies must refuse. The official certificates \
                  ask for it; some verifiers know no policies and refuse every such certificate.",
    },
    Key {
        name: ALGORITHMS,
        default: r#"["rsa2048", "p256", "p384"]"#,
        meaning: "The algorithms that a holder's key may have.",
    },
    Key {
        name: "authority.office",
        default: "003A",
        meaning: "The last four signs of the office that requests are taken at, in the subjects' \
                  names: digits and capital letters.",
    },
];

/// The profile that the configuration asks for.
pub(crate) fn profile(config: &Config) -> Result<CertificateProfile, Problem> {
    let text = |key: &str| config.get(key).to_owned();
    let address = |key: &str| Some(text(key)).filter(|address| !address.is_empty());
    let settings = ProfileSettings {
        organization: text("authority.organization"),
        organization_japanese: text("authority.organization_japanese"),
        operator: text("authority.operator"),
        operator_japanese: text("authority.operator_japanese"),
        signature: HierarchySettings {
            unit: text("authority.signature_unit"),
            unit_japanese: text("authority.signature_unit_japanese"),
            policy: identifier(config, "authority.signature_policy")?,
            responder: address("authority.signature_responder"),
        },
        authentication: HierarchySettings {
            unit: text("authority.authentication_unit"),
            unit_japanese: text("authority.authentication_unit_japanese"),
            policy: identifier(config, "authority.authentication_policy")?,
            responder: address("authority.authentication_responder"),
        },
        time_stamp_policy: identifier(config, "authority.time_stamp_policy")?,
        attributes: identifier(config, "authority.attributes")?,
        statement: text("authority.statement"),
        policies_critical: yes_or_no(config, "authority.policies_critical")?,
        lists: address("authority.lists"),
        holder_algorithms: algorithms(config)?,
    };
    let refused = |refusal: SettingsRefusal| {
        malformed(format!("authority.{}: {refusal}", refusal.0.replace('.', "_")))
    };
    let mut profile = CertificateProfile::new(Profile::new(settings).map_err(refused)?);
    let office = "authority.office: four digits or capital letters";
    profile.office = text("authority.office").parse().map_err(|_| malformed(office.to_owned()))?;
    Ok(profile)
}

fn identifier(config: &Config, key: &str) -> Result<ObjectIdentifier, Problem> {
    let wrong = |_| malformed(format!("{key}: an object identifier such as 1.3.6.1.4.1.32473.1"));
    config.get(key).parse().map_err(wrong)
}

fn yes_or_no(config: &Config, key: &str) -> Result<bool, Problem> {
    config.get(key).parse().map_err(|_| malformed(format!("{key}: true or false")))
}

fn algorithms(config: &Config) -> Result<Vec<KeyAlgorithm>, Problem> {
    let known = ["rsa2048", "p256", "p384"];
    let wrong = || malformed(format!("{ALGORITHMS}: a list of {}", known.join(", ")));
    let text = format!("list = {}", config.get(ALGORITHMS));
    let list: toml::Table = toml::from_str(&text).map_err(|_| wrong())?;
    let list = list.get("list").and_then(toml::Value::as_array).ok_or_else(wrong)?;
    let one = |value: &toml::Value| {
        let word = value.as_str().filter(|word| known.contains(word));
        word.and_then(KeyAlgorithm::from_word).ok_or_else(wrong)
    };
    list.iter().map(one).collect()
}

const ALGORITHMS: &str = "authority.holder_algorithms";

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<CertificateProfile, Problem> {
        profile(&Config::parse(text)?)
    }

    #[test]
    fn the_defaults_are_the_profiles_but_for_where_things_are() {
        let first = CertificateProfile::first().unwrap();
        let found = parsed("").unwrap();
        let settings = ProfileSettings {
            lists: Some("http://127.0.0.1:8790/crl".to_owned()),
            authentication: HierarchySettings {
                responder: Some("http://127.0.0.1:8790/ocsp".to_owned()),
                ..first.profile.settings().authentication.clone()
            },
            ..first.profile.settings().clone()
        };
        assert_eq!((found.profile.settings(), found.office), (&settings, first.office));
    }

    #[test]
    fn every_value_is_a_key() {
        let text = "[authority]\norganization = 'A'\norganization_japanese = 'い'\n\
            operator = 'C'\noperator_japanese = 'に'\nsignature_unit = 'E'\n\
            signature_unit_japanese = 'へ'\nsignature_policy = '1.2.3'\n\
            signature_responder = 'http://g.example'\nauthentication_unit = 'H'\n\
            authentication_unit_japanese = 'り'\nauthentication_policy = '1.2.4'\n\
            authentication_responder = ''\nattributes = '1.2.5'\ntime_stamp_policy = '1.2.6'\n\
            statement = 'http://k.example'\nlists = ''\npolicies_critical = false\n\
            holder_algorithms = ['p384']\noffice = '0XYZ'";
        let named = text.lines().skip(1).filter(|line| line.contains(" = ")).count();
        assert_eq!(named, KEYS.len());
        let profile = parsed(text).unwrap();
        let hierarchy =
            |unit: &str, unit_japanese: &str, policy, responder: Option<&str>| HierarchySettings {
                unit: unit.to_owned(),
                unit_japanese: unit_japanese.to_owned(),
                policy: ObjectIdentifier::new_unwrap(policy),
                responder: responder.map(str::to_owned),
            };
        let expected = ProfileSettings {
            organization: "A".to_owned(),
            organization_japanese: "い".to_owned(),
            operator: "C".to_owned(),
            operator_japanese: "に".to_owned(),
            signature: hierarchy("E", "へ", "1.2.3", Some("http://g.example")),
            authentication: hierarchy("H", "り", "1.2.4", None),
            time_stamp_policy: ObjectIdentifier::new_unwrap("1.2.6"),
            attributes: ObjectIdentifier::new_unwrap("1.2.5"),
            statement: "http://k.example".to_owned(),
            policies_critical: false,
            lists: None,
            holder_algorithms: vec![KeyAlgorithm::P384],
        };
        assert_eq!(*profile.profile.settings(), expected);
        assert_eq!(profile.office.to_string(), "0XYZ");
    }

    #[test]
    fn refusals_name_the_key() {
        for (line, label, word) in [
            ("organisation = 'x'", "config_key_unknown", "`authority.organization`"),
            ("organization = ''", "config_malformed", "authority.organization"),
            ("signature_unit = ''", "config_malformed", "authority.signature_unit"),
            ("signature_policy = 'x'", "config_malformed", "authority.signature_policy"),
            ("lists = 'crl'", "config_malformed", "authority.lists"),
            ("lists = 'http://a.example/'", "config_malformed", "authority.lists"),
            ("policies_critical = 'perhaps'", "config_malformed", "true or false"),
            ("holder_algorithms = ['ed25519']", "config_malformed", "rsa2048, p256, p384"),
            ("holder_algorithms = []", "config_malformed", "authority.holder_algorithms"),
            ("holder_algorithms = 'p256'", "config_malformed", "a list of"),
            ("office = '1'", "config_malformed", "authority.office"),
            ("statement = ['x']", "config_malformed", "authority.statement"),
        ] {
            let problem = parsed(&format!("[authority]\n{line}")).unwrap_err();
            assert_eq!(problem.label(), label, "{line}");
            assert!(problem.detail_text().contains(word), "{line}: {problem}");
        }
    }
}
