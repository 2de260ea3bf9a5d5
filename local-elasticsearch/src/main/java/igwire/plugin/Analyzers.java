package igwire.plugin;

import static java.util.Map.entry;

import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.ar.ArabicAnalyzer;
import org.apache.lucene.analysis.cjk.CJKAnalyzer;
import org.apache.lucene.analysis.de.GermanAnalyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.es.SpanishAnalyzer;
import org.apache.lucene.analysis.fa.PersianAnalyzer;
import org.apache.lucene.analysis.fr.FrenchAnalyzer;
import org.apache.lucene.analysis.hi.HindiAnalyzer;
import org.apache.lucene.analysis.id.IndonesianAnalyzer;
import org.apache.lucene.analysis.it.ItalianAnalyzer;
import org.apache.lucene.analysis.nl.DutchAnalyzer;
import org.apache.lucene.analysis.pt.PortugueseAnalyzer;
import org.apache.lucene.analysis.ru.RussianAnalyzer;
import org.apache.lucene.analysis.tr.TurkishAnalyzer;
import org.elasticsearch.index.analysis.Analysis;
import org.elasticsearch.index.analysis.AnalyzerProvider;
import org.elasticsearch.index.analysis.AnalyzerScope;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** Language analyzers under the distribution's names, with its parameters {@code stopwords} and {@code stem_exclusion}. */
final class Analyzers {
    private Analyzers() {}

    static Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> table() {
        return Map.ofEntries(
            entry("arabic", stemming(ArabicAnalyzer.getDefaultStopSet(), ArabicAnalyzer::new)),
            entry("cjk", stopping(CJKAnalyzer.getDefaultStopSet(), CJKAnalyzer::new)),
            entry("dutch", stemming(DutchAnalyzer.getDefaultStopSet(), DutchAnalyzer::new)),
            entry("english", stemming(EnglishAnalyzer.getDefaultStopSet(), EnglishAnalyzer::new)),
            entry("french", stemming(FrenchAnalyzer.getDefaultStopSet(), FrenchAnalyzer::new)),
            entry("german", stemming(GermanAnalyzer.getDefaultStopSet(), GermanAnalyzer::new)),
            entry("hindi", stemming(HindiAnalyzer.getDefaultStopSet(), HindiAnalyzer::new)),
            entry("indonesian", stemming(IndonesianAnalyzer.getDefaultStopSet(), IndonesianAnalyzer::new)),
            entry("italian", stemming(ItalianAnalyzer.getDefaultStopSet(), ItalianAnalyzer::new)),
            entry("persian", stopping(PersianAnalyzer.getDefaultStopSet(), PersianAnalyzer::new)),
            entry("portuguese", stemming(PortugueseAnalyzer.getDefaultStopSet(), PortugueseAnalyzer::new)),
            entry("russian", stemming(RussianAnalyzer.getDefaultStopSet(), RussianAnalyzer::new)),
            entry("spanish", stemming(SpanishAnalyzer.getDefaultStopSet(), SpanishAnalyzer::new)),
            entry("turkish", stemming(TurkishAnalyzer.getDefaultStopSet(), TurkishAnalyzer::new)));
    }

    private record Provider(String name, Analyzer analyzer) implements AnalyzerProvider<Analyzer> {
        @Override
        public AnalyzerScope scope() {
            return AnalyzerScope.INDEX;
        }

        @Override
        public Analyzer get() {
            return analyzer;
        }
    }

    private static AnalysisProvider<AnalyzerProvider<? extends Analyzer>> stemming(
        CharArraySet stopwords, BiFunction<CharArraySet, CharArraySet, Analyzer> make) {
        return (index, environment, name, settings) -> new Provider(name, make.apply(
            Analysis.parseStopWords(environment, settings, stopwords),
            Analysis.parseStemExclusion(settings, CharArraySet.EMPTY_SET)));
    }

    private static AnalysisProvider<AnalyzerProvider<? extends Analyzer>> stopping(
        CharArraySet stopwords, Function<CharArraySet, Analyzer> make) {
        return (index, environment, name, settings) ->
            new Provider(name, make.apply(Analysis.parseStopWords(environment, settings, stopwords)));
    }
}
