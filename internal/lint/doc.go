// Package lint finds in a database what makes row-level security leak, fail or crawl: checks over a policy.Database. A check
// looks at the catalog only. It runs no expression of a policy, takes no lock worth the name and changes nothing.
//
// A check is a Check in the list of one file, by concept. What was found once and is meant to be so is silenced in lint.toml,
// with a reason.
package lint
