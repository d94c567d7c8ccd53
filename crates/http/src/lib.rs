//! The JSON API: routes, callers, problems, limits.
