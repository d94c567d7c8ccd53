//! What a return code of a library means for a call.

use crate::failure::Failure;
use cryptoki::error::{Error, RvError};

/// Why something was not done, while it may still be done in another way.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The session is no longer good: another one may be.
    Session(String),
    /// The handle of the key is no longer good: looked up again it may be.
    Handle(String),
    /// It is settled.
    Settled(Failure),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Settled(failure)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let why = error.to_string();
        let Error::Pkcs11(code, _) = error else {
            return Self::Settled(Failure::Transient(why));
        };
        match code {
            RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::UserNotLoggedIn
            | RvError::OperationActive => Self::Session(why),
            RvError::KeyHandleInvalid | RvError::ObjectHandleInvalid => Self::Handle(why),
            code => Self::Settled(settled(code, why)),
        }
    }
}

impl Trouble {
    /// When nothing else is left to be tried.
    pub(super) fn settle(self) -> Failure {
        match self {
            Self::Session(why) | Self::Handle(why) => Failure::Transient(why),
            Self::Settled(failure) => failure,
        }
    }
}

fn settled(code: RvError, why: String) -> Failure {
    match code {
        RvError::TokenNotPresent
        | RvError::DeviceRemoved
        | RvError::TokenNotRecognized
        | RvError::SlotIdInvalid => Failure::Gone(why),
        RvError::SessionCount => Failure::NoSession(why),
        RvError::PinIncorrect
        | RvError::PinInvalid
        | RvError::PinLenRange
        | RvError::PinExpired
        | RvError::PinLocked
        | RvError::UserPinNotInitialized
        | RvError::UserAnotherAlreadyLoggedIn
        | RvError::UserTooManyTypes
        | RvError::TokenWriteProtected => Failure::Configuration(why),
        RvError::MechanismInvalid
        | RvError::MechanismParamInvalid
        | RvError::CurveNotSupported
        | RvError::DomainParamsInvalid
        | RvError::FunctionNotSupported
        | RvError::KeySizeRange
        | RvError::AttributeValueInvalid
        | RvError::AttributeTypeInvalid
        | RvError::TemplateInconsistent
        | RvError::TemplateIncomplete
        | RvError::KeyTypeInconsistent
        | RvError::KeyFunctionNotPermitted => Failure::Mechanism(why),
        RvError::DataInvalid | RvError::DataLenRange => Failure::Operation(why),
        _ => Failure::Transient(why),
    }
}
