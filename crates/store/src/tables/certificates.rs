//! The tables of the certification authority.

use super::{Replace, Table};
use crate::engine::Type::{Blob, Int, Text};

pub(crate) static AUTHORITY: Table = Table {
    name: "certification_authority",
    key: &["id"],
    columns: &[
        ("id", Int),
        ("kind", Int),
        ("generation", Int),
        ("key_label", Text),
        ("algorithm", Text),
        ("serial", Int),
        ("certificate", Blob),
        ("state", Int),
        ("act", Int),
    ],
    replace: Replace::Keeping(&[
        "kind",
        "generation",
        "key_label",
        "algorithm",
        "serial",
        "certificate",
        "act",
    ]),
};

pub(crate) static INTENTION: Table = Table {
    name: "certificate_intention",
    key: &["authority", "serial"],
    columns: &[
        ("authority", Int),
        ("serial", Int),
        ("person", Int),
        ("municipality", Int),
        ("not_before", Int),
        ("not_after", Int),
        ("key_digest", Blob),
        ("key_generation", Int),
        ("act", Int),
        ("tbs", Blob),
    ],
    replace: Replace::Never,
};

/// What is read of an intention where its sealed part is not wanted.
pub(crate) static INTENTION_HEAD: Table = Table {
    name: "certificate_intention",
    key: &["authority", "serial"],
    columns: &[
        ("authority", Int),
        ("serial", Int),
        ("person", Int),
        ("municipality", Int),
        ("not_before", Int),
        ("not_after", Int),
        ("key_digest", Blob),
        ("key_generation", Int),
        ("act", Int),
    ],
    replace: Replace::Never,
};

pub(crate) static CERTIFICATE: Table = Table {
    name: "certificate",
    key: &["authority", "serial"],
    columns: &[("authority", Int), ("serial", Int), ("signature", Blob), ("act", Int)],
    replace: Replace::Never,
};

pub(crate) static CERTIFICATE_OPEN: Table = Table {
    name: "certificate_open",
    key: &["authority", "serial"],
    columns: &[("authority", Int), ("serial", Int)],
    replace: Replace::Never,
};

pub(crate) static CERTIFICATE_OF: Table = Table {
    name: "certificate_of",
    key: &["person", "authority", "serial"],
    columns: &[("person", Int), ("authority", Int), ("serial", Int)],
    replace: Replace::Never,
};

pub(crate) static CERTIFICATE_KEY: Table = Table {
    name: "certificate_key",
    key: &["key_digest"],
    columns: &[("key_digest", Blob), ("authority", Int), ("serial", Int)],
    replace: Replace::Never,
};

pub(crate) static CERTIFICATE_EXPIRY: Table = Table {
    name: "certificate_expiry",
    key: &["authority", "week", "municipality"],
    columns: &[
        ("authority", Int),
        ("week", Int),
        ("municipality", Int),
        ("certificates", Int),
        ("revoked", Int),
    ],
    replace: Replace::Whole,
};

pub(crate) static CERTIFICATE_STATUS: Table = Table {
    name: "certificate_status",
    key: &["authority", "municipality", "serial"],
    columns: &[
        ("authority", Int),
        ("municipality", Int),
        ("serial", Int),
        ("state", Int),
        ("reason", Int),
        ("changed_at", Int),
        ("invalid_from", Int),
        ("not_after", Int),
        ("act", Int),
    ],
    replace: Replace::Keeping(&["not_after"]),
};

pub(crate) static REVOCATION_LIST: Table = Table {
    name: "revocation_list",
    key: &["authority", "municipality"],
    columns: &[
        ("authority", Int),
        ("municipality", Int),
        ("number", Int),
        ("published", Int),
        ("base_number", Int),
        ("base_at", Int),
        ("before_number", Int),
        ("before_at", Int),
        ("this_update", Int),
        ("next_update", Int),
        ("due", Int),
    ],
    replace: Replace::Whole,
};

pub(crate) static OCSP_ANSWER: Table = Table {
    name: "ocsp_answer",
    key: &["authority", "serial", "id_hash"],
    columns: &[
        ("authority", Int),
        ("serial", Int),
        ("id_hash", Int),
        ("this_update", Int),
        ("next_update", Int),
        ("answer", Blob),
    ],
    replace: Replace::Whole,
};

pub(crate) static DELEGATE: Table = Table {
    name: "delegate",
    key: &["authority", "purpose", "serial"],
    columns: &[
        ("authority", Int),
        ("purpose", Int),
        ("serial", Int),
        ("key_label", Text),
        ("not_after", Int),
        ("certificate", Blob),
        ("act", Int),
    ],
    replace: Replace::Never,
};

pub(crate) static VERIFIER: Table = Table {
    name: "verifier",
    key: &["name"],
    columns: &[("name", Text), ("kind", Int), ("state", Int), ("since", Int), ("act", Int)],
    replace: Replace::Whole,
};
