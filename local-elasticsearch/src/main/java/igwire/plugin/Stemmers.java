package igwire.plugin;

import static java.util.Map.entry;

import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.ar.ArabicStemFilter;
import org.apache.lucene.analysis.de.GermanLightStemFilter;
import org.apache.lucene.analysis.de.GermanMinimalStemFilter;
import org.apache.lucene.analysis.en.EnglishMinimalStemFilter;
import org.apache.lucene.analysis.en.EnglishPossessiveFilter;
import org.apache.lucene.analysis.en.KStemFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.es.SpanishLightStemFilter;
import org.apache.lucene.analysis.es.SpanishPluralStemFilter;
import org.apache.lucene.analysis.fa.PersianStemFilter;
import org.apache.lucene.analysis.fr.FrenchLightStemFilter;
import org.apache.lucene.analysis.fr.FrenchMinimalStemFilter;
import org.apache.lucene.analysis.hi.HindiStemFilter;
import org.apache.lucene.analysis.id.IndonesianStemFilter;
import org.apache.lucene.analysis.it.ItalianLightStemFilter;
import org.apache.lucene.analysis.pt.PortugueseLightStemFilter;
import org.apache.lucene.analysis.pt.PortugueseMinimalStemFilter;
import org.apache.lucene.analysis.pt.PortugueseStemFilter;
import org.apache.lucene.analysis.ru.RussianLightStemFilter;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.tartarus.snowball.SnowballStemmer;
import org.tartarus.snowball.ext.DutchStemmer;
import org.tartarus.snowball.ext.EnglishStemmer;
import org.tartarus.snowball.ext.FrenchStemmer;
import org.tartarus.snowball.ext.GermanStemmer;
import org.tartarus.snowball.ext.ItalianStemmer;
import org.tartarus.snowball.ext.PortugueseStemmer;
import org.tartarus.snowball.ext.RussianStemmer;
import org.tartarus.snowball.ext.SpanishStemmer;
import org.tartarus.snowball.ext.TurkishStemmer;

/** The {@code language} values of the token filter {@code stemmer}. */
final class Stemmers {
    private static final Map<String, UnaryOperator<TokenStream>> BY_LANGUAGE = Map.ofEntries(
        entry("arabic", ArabicStemFilter::new),
        entry("dutch", snowball(DutchStemmer::new)),
        entry("english", PorterStemFilter::new),
        entry("porter", PorterStemFilter::new),
        entry("porter2", snowball(EnglishStemmer::new)),
        entry("light_english", KStemFilter::new),
        entry("kstem", KStemFilter::new),
        entry("minimal_english", EnglishMinimalStemFilter::new),
        entry("possessive_english", EnglishPossessiveFilter::new),
        entry("french", snowball(FrenchStemmer::new)),
        entry("light_french", FrenchLightStemFilter::new),
        entry("minimal_french", FrenchMinimalStemFilter::new),
        entry("german", snowball(GermanStemmer::new)),
        entry("light_german", GermanLightStemFilter::new),
        entry("minimal_german", GermanMinimalStemFilter::new),
        entry("hindi", HindiStemFilter::new),
        entry("indonesian", IndonesianStemFilter::new),
        entry("italian", snowball(ItalianStemmer::new)),
        entry("light_italian", ItalianLightStemFilter::new),
        entry("persian", PersianStemFilter::new),
        entry("portuguese", snowball(PortugueseStemmer::new)),
        entry("light_portuguese", PortugueseLightStemFilter::new),
        entry("minimal_portuguese", PortugueseMinimalStemFilter::new),
        entry("portuguese_rslp", PortugueseStemFilter::new),
        entry("russian", snowball(RussianStemmer::new)),
        entry("light_russian", RussianLightStemFilter::new),
        entry("spanish", snowball(SpanishStemmer::new)),
        entry("light_spanish", SpanishLightStemFilter::new),
        entry("spanish_plural", SpanishPluralStemFilter::new),
        entry("turkish", snowball(TurkishStemmer::new)));

    private Stemmers() {}

    static UnaryOperator<TokenStream> of(String language) {
        UnaryOperator<TokenStream> stemmer = BY_LANGUAGE.get(language.toLowerCase(Locale.ROOT));
        if (stemmer == null) {
            throw new IllegalArgumentException(
                "the local node has no stemmer for language [" + language + "]; add it to Stemmers.java");
        }
        return stemmer;
    }

    /** A stemmer holds the word it works on, so each stream needs one of its own. */
    private static UnaryOperator<TokenStream> snowball(Supplier<SnowballStemmer> stemmer) {
        return input -> new SnowballFilter(input, stemmer.get());
    }
}
