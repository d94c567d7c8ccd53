//! One local government: its facts, what follows from its kind, and a made-up size.
//!
//! Owns the reading of one line of the list. A line that does not read is no unit; the list's tests
//! count the units, so that no line is lost unnoticed.

use numbers::LocalGovernmentCode;

/// A prefecture, a municipality or a ward of a designated city.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalGovernment {
    code: LocalGovernmentCode,
    kind: Kind,
    prefecture: &'static str,
    name: &'static str,
    kana: &'static str,
    district: &'static str,
    parent: Option<LocalGovernmentCode>,
    postal_code: &'static str,
}

/// What a local government is (Local Autonomy Act, arts. 1-3, 252-19, 252-20, 281).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// 都道府県
    Prefecture,
    /// 指定都市, which keeps its resident register per ward
    DesignatedCity,
    /// 区 of a designated city: an office, not a municipality of its own
    Ward,
    /// 特別区 of Tokyo, a municipality
    SpecialWard,
    /// 市 other than a designated city
    City,
    /// 町
    Town,
    /// 村
    Village,
}

impl LocalGovernment {
    /// Reads one line of the list, with the columns that its README names.
    pub(crate) fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split(',');
        let mut next = || fields.next();
        let unit = Self {
            code: next()?.parse().ok()?,
            kind: Kind::read(next()?)?,
            prefecture: next()?,
            name: next()?,
            kana: next()?,
            district: next()?,
            parent: match next()? {
                "" => None,
                code => Some(code.parse().ok()?),
            },
            postal_code: next()?,
        };
        fields.next().is_none().then_some(unit)
    }

    /// The six-digit code.
    #[must_use]
    pub fn code(&self) -> LocalGovernmentCode {
        self.code
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Name of the prefecture it lies in; a prefecture's own name.
    #[must_use]
    pub fn prefecture(&self) -> &'static str {
        self.prefecture
    }

    /// Name as in the ministry's list: `札幌市`, and `札幌市中央区` for a ward.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Reading of [`name`](Self::name) in full-width katakana.
    #[must_use]
    pub fn kana(&self) -> &'static str {
        self.kana
    }

    /// The 郡 of a town or village; empty elsewhere and on some islands.
    #[must_use]
    pub fn district(&self) -> &'static str {
        self.district
    }

    /// The designated city a ward belongs to.
    #[must_use]
    pub fn parent(&self) -> Option<LocalGovernmentCode> {
        self.parent
    }

    /// The general postal code, seven digits; empty for prefectures and designated cities. Several
    /// units may share one.
    #[must_use]
    pub fn postal_code(&self) -> &'static str {
        self.postal_code
    }

    /// The name as an address begins: prefecture, district, name.
    #[must_use]
    pub fn full_name(&self) -> String {
        match self.kind {
            Kind::Prefecture => self.name.to_owned(),
            _ => [self.prefecture, self.district, self.name].concat(),
        }
    }

    /// A made-up number of residents, for drawing a country in small. It depends on kind and code
    /// alone, adds up to about the real population over all registrars, and says nothing about the
    /// real size of this one. Zero for units that keep no resident register.
    #[must_use]
    pub fn weight(&self) -> u32 {
        let spread = self.code.as_u32().wrapping_mul(0x9E37_79B1) >> 29;
        self.kind.typical_residents() / 100 * PERCENT[spread as usize]
    }
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Prefecture,
        Self::DesignatedCity,
        Self::Ward,
        Self::SpecialWard,
        Self::City,
        Self::Town,
        Self::Village,
    ];

    /// The stable word for it, as in the list.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Prefecture => "prefecture",
            Self::DesignatedCity => "designated_city",
            Self::Ward => "ward",
            Self::SpecialWard => "special_ward",
            Self::City => "city",
            Self::Town => "town",
            Self::Village => "village",
        }
    }

    /// Whether it is one of the 1,741 municipalities (a ward of a designated city is not).
    #[must_use]
    pub fn is_municipality(self) -> bool {
        !matches!(self, Self::Prefecture | Self::Ward)
    }

    /// Whether it keeps a resident register. A designated city does so per ward (Basic Resident
    /// Register Act art. 38).
    #[must_use]
    pub fn is_registrar(self) -> bool {
        !matches!(self, Self::Prefecture | Self::DesignatedCity)
    }

    fn read(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.label() == label)
    }

    fn typical_residents(self) -> u32 {
        match self {
            Self::Prefecture | Self::DesignatedCity => 0,
            Self::Ward => 160_000,
            Self::SpecialWard => 420_000,
            Self::City => 90_000,
            Self::Town => 14_000,
            Self::Village => 4_000,
        }
    }
}

/// Eight sizes around the typical one.
const PERCENT: [u32; 8] = [30, 45, 60, 80, 100, 125, 160, 220];
