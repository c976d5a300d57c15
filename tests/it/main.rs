//! The one integration-test binary: conformance suites and whole-application tests, a module a feature.
