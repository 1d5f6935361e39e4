package sql

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of closest's work: the length of the text that is looked for, and how many candidates are compared letter by letter.
const (
	maxSimilarLength     = 500
	maxSimilarCandidates = 50
)

// candidate is a text that may be meant instead of another.
type candidate struct {
	text  string
	score float64
}

// closest returns the candidate most similar to text, the first of equals, if its similarity is at least least; else "". Case
// does not matter.
//
// It finds what PostgREST finds, which uses the method of the library FuzzySet: candidates must share three letters in a row,
// or two if none does, and those that share most are ranked by how few letters must change.
func closest(text string, candidates []string, least float64) string {
	query := strings.ToLower(text)
	for _, c := range candidates {
		if strings.ToLower(c) == query {
			return c
		}
	}
	if len(query) > maxSimilarLength {
		return ""
	}
	for _, size := range [...]int{3, 2} {
		ranked := rank(query, candidates, size, least)
		for i := range ranked {
			ranked[i].score = similarity(query, strings.ToLower(ranked[i].text))
		}
		slices.SortStableFunc(ranked, compareCandidates)
		if len(ranked) > 0 && ranked[0].score >= least {
			return ranked[0].text
		}
	}
	return ""
}

func compareCandidates(a, b candidate) int { return cmp.Compare(b.score, a.score) }

// rank returns the candidates that share pieces of that size with query, those that share most first. It leaves out those whose
// length alone makes them too different.
func rank(query string, candidates []string, size int, least float64) []candidate {
	counts, _ := pieces(query, size)
	var out []candidate
	length := float64(utf8.RuneCountInString(query))
	for _, text := range candidates {
		other := float64(utf8.RuneCountInString(text))
		if min(length, other) < least*max(length, other) {
			continue
		}
		own, magnitude := pieces(strings.ToLower(text), size)
		shared := 0
		for piece, n := range own {
			shared += n * counts[piece]
		}
		if shared > 0 {
			out = append(out, candidate{text, float64(shared) / magnitude})
		}
	}
	slices.SortStableFunc(out, compareCandidates)
	return out[:min(len(out), maxSimilarCandidates)]
}

// pieces counts the pieces of a text, letters and digits with a dash at either end, and returns the magnitude of the counts as
// a vector.
func pieces(text string, size int) (counts map[string]int, magnitude float64) {
	letters := []rune{'-'}
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsSpace(r) || r == ',' {
			letters = append(letters, r)
		}
	}
	letters = append(letters, '-')
	counts = make(map[string]int, len(letters))
	for i := 0; i+size <= len(letters); i++ {
		counts[string(letters[i:i+size])]++
	}
	sum := 0
	for _, n := range counts {
		sum += n * n
	}
	return counts, math.Sqrt(float64(sum))
}

// similarity is 1 less the share of characters that must change (Levenshtein).
func similarity(a, b string) float64 {
	ra, rb := []rune(a), []rune(b)
	longest := max(len(ra), len(rb))
	if longest == 0 {
		return 1
	}
	row := make([]int, len(rb)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range ra {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range rb {
			cost := diagonal
			if x != y {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return 1 - float64(row[len(rb)])/float64(longest)
}
