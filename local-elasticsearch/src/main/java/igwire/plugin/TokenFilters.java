package igwire.plugin;

import static java.util.Map.entry;
import static org.elasticsearch.plugins.AnalysisPlugin.requiresAnalysisSettings;

import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.ar.ArabicNormalizationFilter;
import org.apache.lucene.analysis.cjk.CJKBigramFilter;
import org.apache.lucene.analysis.cjk.CJKWidthFilter;
import org.apache.lucene.analysis.core.DecimalDigitFilter;
import org.apache.lucene.analysis.de.GermanNormalizationFilter;
import org.apache.lucene.analysis.en.KStemFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.fa.PersianNormalizationFilter;
import org.apache.lucene.analysis.hi.HindiNormalizationFilter;
import org.apache.lucene.analysis.in.IndicNormalizationFilter;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.miscellaneous.PatternKeywordMarkerFilter;
import org.apache.lucene.analysis.miscellaneous.SetKeywordMarkerFilter;
import org.apache.lucene.analysis.miscellaneous.TrimFilter;
import org.apache.lucene.analysis.tr.ApostropheFilter;
import org.apache.lucene.analysis.util.ElisionFilter;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.analysis.Analysis;
import org.elasticsearch.index.analysis.NormalizingTokenFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.lucene.analysis.miscellaneous.DisableGraphAttribute;

/** Token filters under the names and with the parameters of the distribution's module analysis-common. */
final class TokenFilters {
    private TokenFilters() {}

    static Map<String, AnalysisProvider<TokenFilterFactory>> table() {
        return Map.ofEntries(
            entry("apostrophe", plain(ApostropheFilter::new)),
            entry("arabic_normalization", normalizing(ArabicNormalizationFilter::new)),
            entry("asciifolding", (index, environment, name, settings) -> new Folding(name, settings)),
            entry("cjk_bigram", plain((environment, settings) -> bigrams(settings))),
            entry("cjk_width", normalizing(CJKWidthFilter::new)),
            entry("decimal_digit", normalizing(DecimalDigitFilter::new)),
            entry("elision", requiresAnalysisSettings(normalizing(TokenFilters::elision))),
            entry("german_normalization", normalizing(GermanNormalizationFilter::new)),
            entry("hindi_normalization", normalizing(HindiNormalizationFilter::new)),
            entry("indic_normalization", normalizing(IndicNormalizationFilter::new)),
            entry("keyword_marker", requiresAnalysisSettings(plain(TokenFilters::keywordMarker))),
            entry("kstem", plain(KStemFilter::new)),
            entry("persian_normalization", normalizing(PersianNormalizationFilter::new)),
            entry("porter_stem", plain(PorterStemFilter::new)),
            entry("stemmer", plain((environment, settings) ->
                Stemmers.of(settings.get("language", settings.get("name", "porter"))))),
            entry("trim", normalizing(TrimFilter::new)));
    }

    private record Plain(String name, UnaryOperator<TokenStream> wrap) implements TokenFilterFactory {
        @Override
        public TokenStream create(TokenStream input) {
            return wrap.apply(input);
        }
    }

    /** Usable in a normalizer as well, since it changes characters and never the number of tokens. */
    private record Normalizing(String name, UnaryOperator<TokenStream> wrap) implements NormalizingTokenFilterFactory {
        @Override
        public TokenStream create(TokenStream input) {
            return wrap.apply(input);
        }
    }

    /** Folds to ASCII; {@code preserve_original} keeps the accented form beside it, except in a normalizer (one token out). */
    private record Folding(String name, boolean preserveOriginal) implements NormalizingTokenFilterFactory {
        Folding(String name, Settings settings) {
            this(name, settings.getAsBoolean("preserve_original", false));
        }

        @Override
        public TokenStream create(TokenStream input) {
            return new ASCIIFoldingFilter(input, preserveOriginal);
        }

        @Override
        public TokenStream normalize(TokenStream input) {
            return new ASCIIFoldingFilter(input, false);
        }

        @Override
        public TokenFilterFactory getSynonymFilter() {
            return new Folding(name, false);
        }
    }

    private static AnalysisProvider<TokenFilterFactory> plain(UnaryOperator<TokenStream> wrap) {
        return (index, environment, name, settings) -> new Plain(name, wrap);
    }

    private static AnalysisProvider<TokenFilterFactory> plain(
        BiFunction<Environment, Settings, UnaryOperator<TokenStream>> make) {
        return (index, environment, name, settings) -> new Plain(name, make.apply(environment, settings));
    }

    private static AnalysisProvider<TokenFilterFactory> normalizing(UnaryOperator<TokenStream> wrap) {
        return (index, environment, name, settings) -> new Normalizing(name, wrap);
    }

    private static AnalysisProvider<TokenFilterFactory> normalizing(
        BiFunction<Environment, Settings, UnaryOperator<TokenStream>> make) {
        return (index, environment, name, settings) -> new Normalizing(name, make.apply(environment, settings));
    }

    private static UnaryOperator<TokenStream> bigrams(Settings settings) {
        boolean unigrams = settings.getAsBoolean("output_unigrams", false);
        List<String> ignored = settings.getAsList("ignored_scripts");
        int scripts = (ignored.contains("han") ? 0 : CJKBigramFilter.HAN)
            | (ignored.contains("hiragana") ? 0 : CJKBigramFilter.HIRAGANA)
            | (ignored.contains("katakana") ? 0 : CJKBigramFilter.KATAKANA)
            | (ignored.contains("hangul") ? 0 : CJKBigramFilter.HANGUL);
        return input -> {
            CJKBigramFilter filter = new CJKBigramFilter(input, scripts, unigrams);
            if (unigrams) {
                // Tokens of two lengths at one place look like a graph; following all its paths costs much and finds nothing.
                filter.addAttribute(DisableGraphAttribute.class);
            }
            return filter;
        };
    }

    private static UnaryOperator<TokenStream> elision(Environment environment, Settings settings) {
        CharArraySet articles = Analysis.parseArticles(environment, settings);
        if (articles == null) {
            throw new IllegalArgumentException("elision filter requires [articles] or [articles_path] setting");
        }
        return input -> new ElisionFilter(input, articles);
    }

    private static UnaryOperator<TokenStream> keywordMarker(Environment environment, Settings settings) {
        String pattern = settings.get("keywords_pattern");
        var words = Analysis.getWordSet(environment, settings, "keywords");
        if ((pattern == null) == (words == null)) {
            throw new IllegalArgumentException("keyword_marker needs either [keywords] (or [keywords_path]) or [keywords_pattern]");
        }
        if (pattern != null) {
            Pattern compiled = Pattern.compile(pattern);
            return input -> new PatternKeywordMarkerFilter(input, compiled);
        }
        CharArraySet keywords = new CharArraySet(words, settings.getAsBoolean("ignore_case", false));
        return input -> new SetKeywordMarkerFilter(input, keywords);
    }
}
