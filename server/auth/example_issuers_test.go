package auth_test

import (
	"fmt"

	"github.com/postern-db/postern/server/auth"
)

// Five providers whose tokens are taken as they come, and what differs from one
// to the next. In a configuration file this is the text of the file that
// jwt-issuers = "@issuers.json" names.
func ExampleParseIssuers() {
	issuers, err := auth.ParseIssuers(`[
	  {
	    "issuer": "https://example.eu.auth0.com/",
	    "audience": "https://api.example.com",
	    "role-claim-key": "$.permissions",
	    "role-map": {"admin:shop": "shop_admin", "read:orders": "clerk"}
	  },
	  {
	    "issuer": "https://id.example.com/realms/shop",
	    "audience": "account",
	    "role-claim-key": "$.realm_access.roles",
	    "role-map": {"admin": "shop_admin", "clerk": "clerk"}
	  },
	  {
	    "issuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Abc123",
	    "audience": "4h57example",
	    "audience-claim": "client_id",
	    "role-claim-key": "$[\"cognito:groups\"]",
	    "role-map": {"Admins": "shop_admin", "*": "web_user"}
	  },
	  {
	    "issuer": "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
	    "audience": "11112222-3333-4444-5555-666677778888",
	    "role-claim-key": "$.roles",
	    "role-map": {"Shop.Admin": "shop_admin", "Shop.Clerk": "clerk"}
	  },
	  {
	    "issuer": "https://accounts.google.com",
	    "audience": "123-abc.apps.googleusercontent.com",
	    "algorithms": ["RS256"],
	    "role-map": {"*": "web_user"}
	  }
	]`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, i := range issuers {
		fmt.Println(i.Issuer, i.RoleMap)
	}
	// Output:
	// https://example.eu.auth0.com/ [{admin:shop shop_admin} {read:orders clerk}]
	// https://id.example.com/realms/shop [{admin shop_admin} {clerk clerk}]
	// https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Abc123 [{Admins shop_admin} {* web_user}]
	// https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0 [{Shop.Admin shop_admin} {Shop.Clerk clerk}]
	// https://accounts.google.com [{* web_user}]
}
