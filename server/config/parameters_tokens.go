package config

import "time"

// ownTokenParameters are Postern's about tokens. But for jwt-require, which only
// takes away, the database cannot set them: who may knock, the operator says.
func ownTokenParameters() []Parameter {
	return []Parameter{
		text("jwt-cookie", func(c *Config) *string { return &c.JWTCookie }, "", checkCookieName,
			"The name of a cookie that may hold the token, for pages of the same origin. An Authorization header goes before it. A request by cookie whose method is not GET, HEAD or OPTIONS must come from a page of the same origin, by its Sec-Fetch-Site or Origin header, else it is answered with 403; behind a proxy the Host header must be kept. Whoever sets the cookie should make it HttpOnly, Secure, SameSite=Lax or Strict, Path=/, and begin its name with __Host-.").
			own().example(`"__Host-token"`),
		text("jwt-exchange-issuer", func(c *Config) *string { return &c.JWTExchangeIssuer }, "postern", nil,
			"The iss claim of the tokens that POST /auth/token gives out. Where jwt-exchange-secret is set, a token with it must be signed with that secret.").
			own(),
		secondsWithin("jwt-exchange-lifetime", func(c *Config) *time.Duration { return &c.JWTExchangeLifetime }, time.Hour, bounds{1, maxSeconds},
			"The longest time, in seconds, that a token which POST /auth/token gives out is valid.").
			own(),
		secretText("jwt-exchange-secret", func(c *Config) *Secret { return &c.JWTExchangeSecret },
			"Switches POST /auth/token on, where a token is exchanged for one that can do less (RFC 8693), and signs what it gives out: a text of at least 32 bytes, a private JSON Web Key, or a set of them, of which the first signs. @filename reads it from a file. All servers of one database must share it. It should not be the jwt-secret.").
			own().secret().example(`"@/run/secrets/jwt-exchange"`),
		text("jwt-issuers", func(c *Config) *string { return &c.JWTIssuers }, "", nil,
			"Other parties whose tokens are accepted, such as OpenID providers: a JSON array of objects, or @filename of a file with it, which needs no \\ before each quote and no $ written twice. The members of each: issuer, the exact iss of its tokens; audience, a text or an array of those that its tokens are for; audience-claim, where that is not aud; jwks-uri, the address of its keys, unless discovery finds it (issuer + /.well-known/openid-configuration); algorithms, an array, unless all asymmetric ones; role-claim-key, unless the parameter of that name; role-map, an object from its groups, roles or scopes to database roles, of which the first that fits wins, * fitting all. issuer and audience are required. Addresses are https, or http on this machine. Tokens with any other iss are verified with jwt-secret. Until an issuer's keys could be fetched, its tokens are answered with 503.").
			own().example(`"[{\"issuer\": \"https://accounts.google.com\", \"audience\": \"123.apps.googleusercontent.com\", \"role-map\": {\"*\": \"web_user\"}}]"`),
		list("jwt-require", func(c *Config) *[]string { return &c.JWTRequire }, nil, nil,
			"Claims that every token must have, between commas. One that is null or empty does not count.").
			own().database().example(`"exp, aud, iss"`),
	}
}
