package lint

import (
	"regexp"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

// sensitive finds names that stand for secrets or for what identifies people, of words with _ between them. Words must be whole:
// "session_token" is one, "tokenizer" is not.
var sensitive = regexp.MustCompile(`(^|_)(passwords?|passwd|pwd|passphrase|secrets?|token|api_?keys?|access_?keys?|private_?keys?|secret_?keys?|encryption_?keys?|` +
	`signing_?keys?|salts?|hash|otp|pin|pin_code|mfa|totp|recovery_codes?|ssn|social_security(_number|_no)?|tax_id|passport(_number|_no)?|national_id|ibans?|` +
	`account_(number|no)|bank_accounts?|card_(number|no)|credit_cards?|cvv|cvc|date_of_birth|birth_?date|dob|security_answers?)(_|$)`)

// run finds them in names whose words run together, as those of camelCase without quotes do, where the words are long enough to be told
// from others that have them inside.
var run = regexp.MustCompile(`password|passwd|passphrase|contrase[ñn]a|passwort|kennwort|motdepasse|wachtwoord|` +
	`^(user|db|my|login|admin|root|account)?pass$|(user|db|login|admin|root|old|new|my|account)pwd$|` +
	`(access|refresh|auth|api|session|reset|csrf|bearer|device|verification|confirmation|recovery|invite|invitation|oauth|oauth2|jwt|remember|login|magiclink|activation)tokens?$|` +
	`(client|api|app|shared|webhook|totp|otp|mfa|jwt|user)secrets?$|^secret(key|answer|token|hash|code)s?$|securityanswers?$|` +
	`(api|access|private|secret|encryption|signing)keys?$|(recovery|backup)codes?$|pincode$|` +
	`((credit|debit|bank|payment)cards?|cardn(o|r|um|umber)s?)$|(credit|debit|bank|payment)cardn(o|r|um|umber)s?$|cardcv[vc]$|` +
	`(bankaccounts?|accountn(o|r|um|umber)s?)$|bankaccountn(o|r|um|umber)s?$|(bank|user|customer)ibans?$|` +
	`(user|customer|employee|person)ssn$|socialsecurity(n(o|r|um|umber))?$|taxid$|nationalid$|passportn(o|r|um|umber)$|dateofbirth$|birthdate$`)

// harmless ends of names that are about a secret but do not hold it, and beginnings of questions about it.
var (
	harmless = regexp.MustCompile(`_(at|on|count|id|expires|expiry|changed|updated|set|type|hint_shown|enabled|required|attempts|policy|strength|length)$|` +
		`^(has|is|needs|must|requires?|allows?|show)_`)
	harmlessRun = regexp.MustCompile(`((ed|es|set|sent)at|[^c]count|id|expires|expiry|changed|updated|set|type|hintshown|enabled|required|attempts|policy|strength|length|less)$`)
)

// isSensitive says whether a column's name is that of a secret, and its type not one that can tell none.
func isSensitive(c *policy.Column) bool {
	if c.Type == "boolean" || strings.HasPrefix(c.Type, "timestamp") || c.Type == "interval" {
		return false
	}
	// camelCase is taken apart, and also -, blanks and dots.
	snake := strings.ToLower(regexp.MustCompile(`([a-z0-9])([A-Z])`).ReplaceAllString(c.Name, "${1}_$2"))
	snake = regexp.MustCompile(`[\s.-]+`).ReplaceAllString(snake, "_")
	if strings.HasSuffix(snake, "tax_id") || strings.HasSuffix(snake, "national_id") {
		return true
	}
	if harmless.MatchString(snake) {
		return false
	}
	together := strings.ReplaceAll(snake, "_", "")
	if strings.HasSuffix(together, "taxid") || strings.HasSuffix(together, "nationalid") {
		return run.MatchString(together)
	}
	return sensitive.MatchString(snake) || run.MatchString(together) && (strings.Contains(snake, "_") || !harmlessRun.MatchString(together))
}
