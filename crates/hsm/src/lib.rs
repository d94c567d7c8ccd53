//! Keys in hardware: PKCS#11 devices, each behind a child process of its own.
