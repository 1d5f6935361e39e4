package lint

import (
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/policy"
)

func TestIsSensitive(t *testing.T) {
	t.Parallel()
	const secret = `password PassWord passwordhash passwordHash encrypted_password user_passwords hashedpassword passwd userpwd userPwd user_pwd pass userpass
		refreshtoken refreshToken refresh_token accesstoken accesstokens apiToken token session_token resettoken apikeys apiKeys api_key apikey privatekey secretkey
		client_secret clientsecret secretanswer secret_answer securityanswer creditcardno creditCardNo credit_card cardnumber card_number cvv bankaccount bankAccount
		bank_account accountnumber iban bankiban ssn customerssn socialsecuritynumber social_security_no taxid tax_id nationalid national_id passportno passport_number
		dateofbirth date_of_birth birthdate dob otp pin salt Contraseña contrasena passwort motdepasse recoverycodes backup_codes user-password`
	const plain = `passenger passengers compass bypass passed passes pass_rate boarding_pass tokenizer tokenize token_count tokens max_tokens prompt_tokens tokentype
		pinned pinterest spin shipping hashtag hashtags secretary secretary_name keyword keys monkey apikeyid accesskeyid password_changed_at passwordchangedat
		passwordless has_password must_change_password password_policy passwordstrength password_attempts discard cardinality cardiology postcard
		scorecard account accounts account_name bankaccountid carbon librarian lesson lessons dobby salted_caramel assault basalt author authored session id
		kissnow pincushion opinion description happiness card cards accountant credit birthday_party national_identity`
	for _, name := range strings.Fields(secret) {
		if !isSensitive(&policy.Column{Name: name, Type: "text"}) {
			t.Errorf("%s is no secret", name)
		}
	}
	for _, name := range strings.Fields(plain) {
		if isSensitive(&policy.Column{Name: name, Type: "text"}) {
			t.Errorf("%s is a secret", name)
		}
	}
	for _, typ := range []string{"boolean", "timestamp with time zone", "interval"} {
		if isSensitive(&policy.Column{Name: "password", Type: typ}) {
			t.Errorf("a %s is a secret", typ)
		}
	}
}
