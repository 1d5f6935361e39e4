package typegen

import "testing"

func TestIdentifier(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"chat": "Chat", "message_from": "MessageFrom", "id": "ID", "user_id": "UserID", "userName": "UserName", "odd name!": "OddName",
		"2fa": "X2fa", "": "Empty", "_": "Empty", "żółw": "Żółw", "日本": "X日本", "http_url": "HTTPURL",
	} {
		if got := identifier(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

func TestNamesAreTakenOnce(t *testing.T) {
	t.Parallel()
	n := names{"Set": true, "BooksInsert": true}
	for _, c := range []struct{ got, want string }{
		{n.take("set"), "Set2"},
		{n.take("a_b"), "AB"},
		{n.take("aB"), "AB2"},
		{n.takeAll("Books", "", "Insert"), "Books2"},
		{n.takeAll("Books", "", "Insert"), "Books3"},
		{n.take("Books"), "Books"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestTaggable(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"a": true, "odd name": true, "a.b": true, "é": true, "": false, "-": false, "a,b": false, `a"b`: false, "a`b": false, `a\b`: false, "a'b": false,
	} {
		if taggable(name) != want {
			t.Errorf("%q: got %v", name, !want)
		}
	}
}
