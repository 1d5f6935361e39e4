package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/nodetree"
	"github.com/postern-db/postern/internal/policy"
)

const groupClaims = "Claims"

func claimChecks() []Check {
	return []Check{
		{
			ID: "claim-user-editable", Group: groupClaims, Severity: Error,
			Title: "policy that believes a claim which users edit themselves",
			Why: "Identity providers let users write their own user_metadata (user-metadata, unsafe_metadata). Who may write the claim can be anyone. " +
				"Use what only the provider writes: sub, app_metadata, or a table of your own.",
			find: claimUserEditable,
		},
		{
			ID: "policy-reads-request", Group: groupClaims, Severity: Error,
			Title: "policy that believes what the client sends",
			Why:   "request.headers, request.cookies, request.method and request.path hold what the client wrote. Only request.jwt.claims was verified.",
			find:  policyReadsRequest,
		},
		{
			ID: "setting-may-be-missing", Group: groupClaims, Severity: Info,
			Title: "current_setting without missing_ok",
			Why:   "Where the setting does not exist, as in psql or a job, each statement on the table fails (42704) instead of finding no row.",
			find:  settingMayBeMissing,
		},
		{
			ID: "caller-may-log-in", Group: groupClaims, Severity: Warning,
			Title: "role that may log in to the database, held by policies that believe settings",
			Why: "Whoever connects to PostgreSQL by other ways than the server can set request.jwt.claims to anything, and so be anyone to these policies. " +
				"A role for callers needs no LOGIN: the server becomes it.",
			find: callerMayLogIn,
		},
	}
}

// settingRead is a call of current_setting with a constant name.
type settingRead struct {
	name      string
	missingOK bool
}

// settingReads returns the settings that an expression reads itself; what functions read that it calls is told by reads.
func (s *state) settingReads(tree *nodetree.Node) []settingRead {
	var out []settingRead
	for _, c := range s.calls(tree) {
		if c.function.Schema != nil || c.function.Name != "current_setting" {
			continue
		}
		args := c.node.Nodes("args")
		if len(args) == 0 {
			continue
		}
		if name, ok := args[0].Text(); ok {
			out = append(out, settingRead{name: strings.ToLower(name), missingOK: len(args) > 1})
		}
	}
	return out
}

// editable finds the claims that users write, as a word of a text: a key or a path such as {user_metadata,plan}. The column where one
// provider keeps them has a name of its own.
var (
	editable       = regexp.MustCompile(`(?i)(?:^|[^\w-])((?:raw_)?user_meta_?data|user-metadata|usermetadata|unsafe_metadata)(?:$|[^\w-])`)
	editableColumn = regexp.MustCompile(`(?i)\b(raw_user_meta_data)\b`)
	sent           = regexp.MustCompile(`(?i)\b(request\.(?:headers?|cookies?|method|path))\b`)
)

func claimUserEditable(r *reporter) {
	r.eachPolicy(func(p *policy.Policy) {
		for _, e := range expressions(p) {
			if len(r.settingReads(e.Tree)) == 0 && !r.callsOwn(e.Tree) {
				continue // it reads no claim
			}
			for _, text := range texts(e.Tree) {
				if editable.MatchString(text) {
					r.report(policyObject(p), e.keyword+" reads "+text, fmt.Sprintf(
						"-- read what the provider alone writes, such as app_metadata:\n-- %s", alter(p, e.keyword, "…")))
					break
				}
			}
			for _, f := range r.own(e.Expression) {
				if g, what := r.reads(f, editable, editableColumn); g != nil {
					r.report(policyObject(p), e.keyword+" "+by(f, g)+" "+what, fmt.Sprintf(
						"-- read what the provider alone writes, such as app_metadata:\n-- create or replace function %s …", g))
				}
			}
		}
	})
}

// reads returns the function, f or one that it calls, whose texts or code match, and what of it does. A function counts if it reads a setting
// or calls another, for else it reads no claim.
func (s *state) reads(f *policy.Function, text, code *regexp.Regexp) (g *policy.Function, what string) {
	for _, g := range s.reached(f) {
		body := s.source(g)
		if code != nil {
			if match := code.FindStringSubmatch(body.code); match != nil {
				return g, match[1]
			}
		}
		if !strings.Contains(strings.ToLower(body.code), "current_setting") && len(s.called(g)) == 0 {
			continue
		}
		for _, t := range body.texts {
			if match := text.FindStringSubmatch(t); match != nil {
				return g, match[1]
			}
		}
	}
	return nil, ""
}

// by says that an expression calls f, and g reads something.
func by(f, g *policy.Function) string {
	if f == g {
		return fmt.Sprintf("calls %s(), which reads", sqlName(f))
	}
	return fmt.Sprintf("calls %s(), for which %s() reads", sqlName(f), sqlName(g))
}

// callsOwn says whether an expression calls a function that is not the system's.
func (s *state) callsOwn(tree *nodetree.Node) bool {
	return slices.ContainsFunc(s.calls(tree), func(c call) bool { return c.function.Schema != nil })
}

func policyReadsRequest(r *reporter) {
	r.eachPolicy(func(p *policy.Policy) {
		for _, e := range expressions(p) {
			for _, s := range r.settingReads(e.Tree) {
				if sent.MatchString(s.name) {
					r.report(policyObject(p), e.keyword+" reads "+s.name, fmt.Sprintf("-- take it from the token:\n-- %s",
						alter(p, e.keyword, "… (select current_setting('request.jwt.claims', true)::json ->> 'sub') …")))
					break
				}
			}
			for _, f := range r.own(e.Expression) {
				if g, what := r.reads(f, sent, nil); g != nil {
					r.report(policyObject(p), e.keyword+" "+by(f, g)+" "+what, fmt.Sprintf("-- take it from the token:\n-- create or replace function %s …", g))
				}
			}
		}
	})
}

func settingMayBeMissing(r *reporter) {
	r.eachPolicy(func(p *policy.Policy) {
		for _, e := range expressions(p) {
			for _, s := range r.settingReads(e.Tree) {
				if !s.missingOK && strings.Contains(s.name, ".") {
					r.report(policyObject(p), e.keyword+" reads "+s.name, alter(p, e.keyword, missingOK(e.SQL)))
					break
				}
			}
		}
	})
}

func callerMayLogIn(r *reporter) {
	for _, role := range r.callers {
		if !role.Login || role == r.Login {
			continue
		}
		var held []string
		r.eachPolicy(func(p *policy.Policy) {
			if p.Applies(role) && len(r.granted(p.Relation, policy.Actions...)) > 0 &&
				slices.ContainsFunc(expressions(p), func(e clause) bool { return len(r.settingReads(e.Tree)) > 0 || r.callsOwn(e.Tree) }) {
				held = append(held, policyObject(p))
			}
		})
		if held != nil {
			r.report("role "+quoted(role), held[0]+more(held), fmt.Sprintf("alter role %s nologin;", quoted(role)))
		}
	}
}

// more says how many there are beside the first.
func more(list []string) string {
	if len(list) < 2 {
		return ""
	}
	return fmt.Sprintf(" and %d more", len(list)-1)
}
