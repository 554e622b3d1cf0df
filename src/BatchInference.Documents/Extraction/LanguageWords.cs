namespace BatchInference.Documents.Extraction;

/// <summary>What tells languages of one script apart: the small words that every text of a language is full of, and the letters that it writes.</summary>
internal static class LanguageWords
{
    private const string Latin = "abcdefghijklmnopqrstuvwxyz";

    // Code, letters beyond those of English, small words. Written for this program. A language of two scripts stands here twice. At most 64: each is a bit.
    private static readonly (string Code, string Letters, string Words)[] Table =
    [
        ("fr", "àâæçéèêëîïôœùûüÿ", "le la les de des du un une et est en que qui dans pour par sur au aux ce cette ces il elle ils elles ne pas plus se sa son ses sont avec ou mais nous vous je leur été être ont avoir fait comme si sans sous entre après tout même où dont à l d qu n s c j y"),
        ("en", "éï", "the of and to in is was for that it on with as by at from be are this have has had not or an which you were their but they he she we his her its been will would can there all one more about when who if so no my your do what than a i"),
        ("de", "äöüß", "der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man wurde wenn ich wir sein seine ihre unter einander"),
        ("es", "áéíóúüñ", "el la los las de del y en que a un una es por con para se no su al lo como más o pero sus le ha me si sin sobre este esta entre cuando muy ya también fue son está han había hay hasta desde donde porque todo todos nos les uno ser otros unos"),
        ("it", "àèéìíîòóùú", "il lo la i gli le di del della dei delle dello degli e è in che un una per con non si da al alla ai alle dal dalla nel nella sul sulla come più ma anche sono ha o se suo sua loro questo questa essere stato hanno era cui tra fra dopo tutti tutto nei nelle ad ed uno l"),
        ("pt", "àáâãçéêíóôõúü", "o a os as de do da dos das e em no na nos nas que um uma é por para com não se ao aos à às como mais mas foi são sua seu suas seus ou tem ser pelo pela pelos pelas também já está entre até isso este esta ele ela eles quando sem sobre muito há uns"),
        ("nl", "éëèïóöüê", "de het een en van in is dat op te zijn voor met die niet aan er om ook als bij door maar naar uit dan nog werd heeft of hij ze zij wordt over tot worden wat hun wel al was geen meer kan deze dit onder zich had hebben moet zal tegen ik je we u jegens zo"),
        ("pl", "ąćęłńóśźż", "i w na z do się nie że to jest o jak po od za przez ale dla oraz przy są ich być a tak był co czy tym jego jej który która które także już może tylko ze we jako lub pod przed była było tego tej swej swych wobec między bardzo jeszcze który nad u"),
        ("ro", "ăâîșțşţ", "și şi de în la a o cu pe din că nu este pentru se care au mai al ale un fi sau lui prin dar sunt le ca după fost cel cea cele lor va să sa îi prin între când unei unui această acest acestea trebuie fie ei ele el toate ne prin sale către"),
        ("sv", "åäöé", "och i att det som en på är av för med den till har de inte om ett han men var sig från vi så kan när år under också efter eller hade nu där vid mot ska skulle hans hon mellan utan varit vara bara finns alla dem detta sin sina bör jag ut upp över"),
        ("da", "æøåé", "og i at det er en til af på de for med der den som ikke har et om fra han var men sig vi kan også så efter være skal ved blev eller hvor nu havde jeg kun når mod meget noget nogle mellem deres dette bliver blevet hun hans ud op alle sine over under ind bør"),
        ("nb", "æøåéòô", "og i å det er en til av på de for med at den som ikke har et om fra han var men seg vi kan også så etter være skal ved ble eller hvor nå hadde jeg bare når mot mye noe noen mellom deres dette blir blitt hun hans ut opp alle sine over under inn bør"),
        ("nn", "æøåéòô", "og i å det er ein eit til av på dei for med at den som ikkje har om frå han var men seg vi kan også så etter vere skal ved vart eller kor no hadde eg berre når mot mykje noko nokre mellom deira dette blir blitt ho hans ut opp alle sine over under inn bør kva"),
        ("fi", "äöåšž", "ja on ei että se oli hän joka ovat mutta kun myös sen niin tai kuin ole vain jos mukaan sekä ne jo nyt he kuitenkin olla voi hänen tämä jotka ollut olisi oman eivät vuoden mitä siitä tämän kaikki sitten mukaan jälkeen noin minä me jonka tulee toisiaan heidän niiden eikä"),
        ("hu", "áéíóöőúüű", "a az és hogy is nem egy van ez meg csak de volt már mint ha el még vagy azt ki között lehet kell után ezt amely szerint majd pedig minden aki fel mert így ezek azonban illetve által nagyon sem lesz én ő ami voltak során számára be"),
        ("cs", "áčďéěíňóřšťúůýž", "a v se na je že s z o do i to k ve pro za by ale si po jako od nebo jsou jeho byl také tak které který která při až ze však již není jsem bylo byla má jen nad pod před když co podle aby tím mezi být jejich své u svém roku pak ještě"),
        ("sk", "áäčďéíĺľňóôŕšťúýž", "a v sa na je že s z o do aj to k vo pre za by ale si po ako od alebo sú jeho bol tiež tak ktoré ktorý ktorá pri až zo však už nie som bolo bola má len nad pod pred keď čo podľa aby tým medzi byť ich svoje u tieto roku potom ešte i"),
        ("sl", "čšž", "in je v na se da za so z ki pa s ne o po tudi kot od iz ali do bi pri ni še bil pred že bo lahko le med več jih njegov tega ter biti ta to če ko kako ob svoje sem smo bilo bila nad pod proti zaradi vsi vse glede ima imajo morali nekaj"),
        ("hr", "čćđšž", "i je u na se da za su od s ne o po kao iz koji koja koje ili do bi pri ali a sa što to nije bio biti već samo tko gdje prije uvijek također dvije ovdje između nakon njih sve svoje prema može ima te tijekom vrijeme mjesto onda treba trebaju jer bila bilo više kod općine"),
        ("sr", "čćđšž", "i je u na se da za su od s ne o po kao iz koji koja koje ili do bi pri ali a sa što to nije bio biti već samo ko gde pre uvek takođe dve ovde između nakon njih sve svoje prema može ima te tokom vreme mesto onda treba šta jer bila bilo više kod opštine"),
        ("et", "äõöüšž", "ja on ei et see oli mis ka kui oma ning aga kes seda või siis nii mida olid selle veel kõik nende tema mitte ta juba kuid välja ole vaid pärast üle nad ma sest neid eesti peab olema üks kus millest vahel iga nagu ainult pole saab ära neile kogu meie"),
        ("lv", "āčēģīķļņšūž", "un ir ar no uz par kas to bet ka tas arī pie vai kā lai nav tā pēc viņš viņi gada tiek bija līdz var savu šo jau starp ne es tikai šis kurš kad tika viņa tās visi ko pret bez jo vēl kuri šī mēs tad būt citam tomēr laikā"),
        ("lt", "ąčęėįšųūž", "ir yra kad į iš su ne tai kaip buvo jis už bet taip po per jų arba apie nuo ar dar tik jie savo prie būti iki bei tačiau kai jo ji šis vienas nėra visi kurie kuris metų dėl gali pagal tarp jau ką to turi tuo labai mes aš jos buvę"),
        ("ca", "àçèéíïòóúü", "el la els les de del dels i en que a un una és per amb no es al als com més o però seva seu ha són ser va va aquest aquesta entre també on si fins havia hi ho molt ja tots totes uns unes sense sobre pel pels quan seves seus cal han van l d s n dins tot"),
        ("eu", "ñü", "eta da ez ere bat du dira den zen baina izan edo egin behar bere hau dute duen diren baino zuen beste bi gabe hori oso dela nahi dago ditu egiten gero bezala guztiak arte zuten dituzten beharra haien horren ziren izango batzuk baita arabera urte dituen artean hala duten zituen"),
        ("gl", "áéíóúñïü", "o a os as de do da dos das e en no na nos nas que un unha é por para con non se ao aos á ás como máis pero foi son súa seu súas seus ou ten ser pola polo polos polas tamén xa está entre ata isto este esta cando sen sobre moi hai unhas uns nun nunha"),
        ("br", "âêîôûùüñ", "ar an al hag ha a e da eus en ur un ul o d gant evit zo eo n ket ne war he pe d'ar oa vez bet eur dre met holl oc'h mat bezañ ez hon ac hini int gwelet kalz bras ouzh betek dezho hep re goude pa ivez evel rak c'hoazh ma eil kêr tud gwirioù anezho"),
        ("oc", "àáçèéíïòóú", "lo la los las de del dels e en que a un una es per amb non se al als coma mai o mas sa son ses an aquel aquela entre tanben ont si fins aviá i òc ren fòrça ja totes totas unas sens sus pel pels quand dins lor lors foguèt èra tot pus sont aital uèi qu l d s"),
        ("co", "àèìòù", "u a i di da in è e chì per cù si hè ùn una un ma cum'è dui tutti tutta stu sta issu issa à ci eiu elli ella sò era più pà nant'à mai hà anu l'omu induve ancu o sopra trà fattu quandu nustra nustru so lu la li di u di a dopu nè altri annu mezu core paese"),
        ("lb", "äëéüöê", "de d an a vun den der dat ass e eng en si op mat fir net sinn huet och um zu wéi als et hunn gëtt ginn bei nach awer aus all dass déi där deen engem enger säi säin seng hir mir ech hien no mä wou vum am kann scho duerch iwwer well vill datt deenen keen soll eis war"),
        ("tr", "çğıöşüâîû", "ve bir bu de da için ile olarak olan daha çok gibi en ne o her kadar ki sonra var ise ya veya değil olduğu tarafından ancak ama büyük göre iki ilk yeni bütün karşı içinde diye kendi şey mi üzerinde nin yok olan ilgili arasında hem şu bakımından önce birbirlerine ben biz"),
        ("vi", "àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ", "và của là có được cho các trong những một với không này người để đã khi từ trên về theo đến năm ra tại nhiều cũng vào sẽ như phải nhưng đó lại sau hay hoặc đều mọi bị còn nước vì nhất rằng do nên thì mà bằng hai tôi ông việc"),
        ("id", "é", "yang dan di dari untuk dengan pada tidak adalah ini itu dalam akan oleh atau juga bahwa karena telah sebagai bisa mereka kami ke dapat ada sudah lebih saat satu tersebut seperti tahun menjadi secara serta hanya bagi antara harus orang para namun belum masih kita saya anda hendaknya merdeka dua"),
        ("ms", "é", "yang dan di daripada untuk dengan pada tidak adalah ini itu dalam akan oleh atau juga bahawa kerana telah sebagai boleh mereka kami ke dapat ada sudah lebih ketika satu tersebut seperti tahun menjadi secara serta hanya bagi antara perlu orang para namun belum masih kita saya anda hendaklah ialah dua"),
        ("mt", "ċġħżàèìòù", "il u li ta ma f' fil tal jew lil dan din ħafna minn għal b' biex bil mill kien kienet hija huwa huma hemm mhux dawn kif fl għandu għandhom għandha iżda wkoll meta kull fuq bejn bħal wieħed lill dak dik għall ukoll wara sena xi kollha mal aktar ieħor fid id is it ir hu"),
        ("ga", "áéíóú", "an na agus ar a i is go le do ag bhí tá sé sí siad ní sin seo ach nó mar ó faoi den don leis ina gach iad atá chun raibh bhfuil leo freisin é í duine daoine eile ann nuair idir dá aige acu chuig más chomh mé sa san uile trí os"),
        ("cy", "âêîôûŵŷáäéëïö", "y yr yn a i o ar ac mae ei eu gan am wedi oedd bod fod hyn neu ond fel i'r o'r a'r na nid ddim dim hefyd pan mewn sydd at wrth dros rhwng roedd cael gwaith fe yw un hynny ni chi mwy iawn pob unrhyw dylai eich ein bu yw'r ag drwy hwn gyda"),
        ("sq", "çëâ", "dhe në të e i një për me që nga është se si nuk ka u ai kjo ky por kanë ishte tij duke do më mund edhe janë sipas tyre pas këtë saj vetëm ose kur gjatë nëse shumë veta ndaj çdo atë ata ajo mes para sa tjera kishte deri pa asnjë njëri cilat te"),
        ("is", "áéíóúýðþæö", "og að í á er sem til við það um en með ekki var af fyrir hann frá eru þá hafa hefur eða ég þeir því verið hún þess en sér þar þegar nú vera upp út eftir þeim skal mjög líka voru yfir hins hinn eins okkur hvað hver annan þetta þeirra hennar hans ber"),
        ("la", "æœāēīōūë", "et in est non ad ut cum quod qui sed ex si de esse ab aut quae per ac nec sunt enim etiam eius atque quam hoc autem erat sunt quibus ipse omnes eorum inter ita nunc me tamen haec fuit quoque sibi pro ea id nos vel sine quo omnia post hic neque"),
        ("eo", "ĉĝĥĵŝŭ", "la de kaj en estas al ke por ne kun sed pri li mi ĝi ili kiu kiuj el ĉi tiu estis je aŭ pli kiel unu per oni povas ankaŭ ĉiuj tio iu sia siaj sur ol kie ĝis nur multaj tre post se ni vi ŝi ĉar dum inter laŭ havas devas kion"),
        ("sw", "", "na ya wa kwa ni za katika la kuwa cha hii huo hiyo yake wake watu hizo kama pia si au baada mtu huyo lakini ambayo ili wote nchi kila hadi ndani vya zake sana tu mwaka hivyo wao hao kuhusu kutoka ambao yao bila juu kati zao hakuna sasa"),
        ("af", "áéèêëïíîôóöúû", "die van en in is het dat nie om te word wat vir op 'n met aan sy as was hy ook deur by ons hulle ek kan sal maar tot uit haar na moet daar hierdie nog baie of se geen een so wees sou jou toe alle oor onder teenoor self behoort my mense kon"),
        ("tl", "ñ", "ang ng sa na mga at ay ni hindi ito ko siya ako para kung may nang isang kanilang mo rin din lang ka si kay niya sila namin natin tayo dahil pero o kaya wala mula dito upang bilang doon lahat ating bawat nito nasa pag sana iyon kanyang maging"),
        ("so", "", "waa oo ka ku iyo in la u ay wuxuu ee uu waxaa ah ayaa si soo aan kale waxay isagoo uga loo inay dadka leh kuwa kasta xor wax ama kana sida laga dhex mid badan inuu xuquuq jiray markii lagu ayuu kala wada dalka waana isku waxa qof"),
        ("ht", "àèéòù", "ak nan yo pou ki se li gen te pa sou yon moun tout ap nou mwen ou sa ka peyi fè men tankou lè ant sou dwa genyen avèk lòt depi konsa anpil chak oswa etap ankò poutèt jan kote san kap kapab dwe youn pran tou ladan epi si"),
        ("az", "çəğıöşü", "və bir bu da də üçün ilə olan daha çox kimi ən o hər qədər ki sonra var isə ya deyil olduğu tərəfindən ancaq amma böyük görə iki ilk yeni bütün qarşı öz olaraq arasında həm mən biz onun olub edir nə ildə həmin bəzi azad etmək hüquq bərabər onlar"),
        ("ru", "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "и в не на что с он как это по но из у за от так к о же его для то или бы был при было также были мы до если они она может их который которые быть уже только еще ещё чтобы есть со после все всех этого года была этот где под во без между себя должны свою"),
        ("uk", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя", "і в не на що з він як це по але із у за від так до о та його для то або був при було також були ми якщо вони вона може їх який які бути вже тільки ще щоб є зі після всі всіх цього року була цей де під без між себе повинні свою й про"),
        ("be", "абвгдеёжзійклмнопрстуўфхцчшыьэюя", "і ў у не на што з ён як гэта па але за ад так да а яго для то або быў пры было таксама былі мы калі яны яна можа іх які якія быць ужо толькі яшчэ каб ёсць пасля усе ўсіх гэтага года была гэты дзе пад без паміж сябе павінны сваю"),
        ("bg", "абвгдежзийклмнопрстуфхцчшщъьюя", "и в не на че с той как това по но от за до се да са е при също бяха ние ако те тя може ги който които бъде вече само още има след всички този година беше тази къде под без между си трябва като или към със във част ще бил била на"),
        ("sr", "абвгдђежзијклљмнњопрстћуфхцчџш", "и је у на се да за су од с не о по као из који која које или до би при али а са што то није био бити већ само ко где пре увек такође две овде између након њих све своје према може има те током време место онда треба шта јер била било више код"),
        ("mk", "абвгдѓежзѕијклљмнњопрстќуфхцчџш", "и во не на дека со тој како ова по но од за до се да е се при исто беа ние ако тие таа може ги кој кои биде веќе само уште има после сите овој година беше оваа каде под без меѓу си треба или ќе бил била што со своите сè нив негови мора сум од"),
        ("kk", "абвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя", "және мен бұл үшін болып туралы бар емес ол осы деп бойынша бір қазақ да де болды болған керек жоқ пен сол өз барлық оның кейін немесе жылы дейін бойы ретінде еді ең тиіс адамдар"),
        ("mn", "абвгдеёжзийклмноөпрстуүфхцчшщъыьэюя", "ба нь юм байна энэ гэж болон байсан тухай хүн бөгөөд бүр мөн түүний байх дээр их нэг гэсэн тул улс гэх буюу эрх бол хоёр жил дараа оны уу биш шиг өөр тэр"),
        ("ky", "абвгдеёжзийклмнңоөпрстуүфхцчшщъыьэюя", "жана менен бул үчүн болуп тууралуу бар эмес ал ушул деп боюнча бир кыргыз да болгон керек жок ошол өз бардык анын кийин же жылы чейин катары эле эң тийиш адамдар"),
        ("hi", "", "के है में की और का को से कि पर यह ने एक हैं भी नहीं इस था लिए तो हो कर थे उन्हें अपने किया गया साथ या जो वह तक होता उनके बाद द्वारा थी सभी परस्पर जाता मैं दिया रहा"),
        ("mr", "", "आहे आणि या च्या ते हे तो ही व होते असे केले आहेत पण एक नाही होता त्या काही झाला मध्ये साठी येथे मी करून किंवा होती केला सर्व त्यांना असलेल्या आपल्या झाले म्हणून त्यांच्या व्यक्ती"),
        ("ne", "", "छ र को मा ले हो पनि छन् गर्ने का भएको यो एक त्यो लागि गरेको थियो भने हुन् तथा यस गरी सबै बाट अनि रहेको हुने गर्न वा उनी नेपाल थिए गरिएको साथै प्रत्येक"),
    ];

    /// <summary>The codes, in the order of the bits.</summary>
    public static readonly string[] Codes = [.. Table.Select(row => row.Code)];

    private static readonly Dictionary<char, ulong> Letters = ByLetter();
    private static readonly Dictionary<string, ulong>.AlternateLookup<ReadOnlySpan<char>> Words = ByWord().GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The languages of which a word in small letters is one of the small words; 0 for none.</summary>
    public static ulong Having(ReadOnlySpan<char> word) => Words.TryGetValue(word, out var languages) ? languages : 0;

    /// <summary>The languages that write with all of these letters; 0 for none that is known.</summary>
    public static ulong Writing(ReadOnlySpan<char> word)
    {
        var languages = ulong.MaxValue;
        foreach (var letter in word) languages &= Letters.GetValueOrDefault(letter);
        return languages;
    }

    private static Dictionary<char, ulong> ByLetter()
    {
        var letters = new Dictionary<char, ulong>();
        for (var index = 0; index < Table.Length; index++)
            foreach (var letter in Table[index].Words[0] < 'Ͱ' ? Latin + Table[index].Letters : Table[index].Letters)
                letters[letter] = letters.GetValueOrDefault(letter) | (1UL << index);
        return letters;
    }

    private static Dictionary<string, ulong> ByWord()
    {
        var words = new Dictionary<string, ulong>(StringComparer.Ordinal);
        for (var index = 0; index < Table.Length; index++)
            foreach (var word in Table[index].Words.Split([' ', '\''], StringSplitOptions.RemoveEmptyEntries))
                words[word] = words.GetValueOrDefault(word) | (1UL << index);
        return words;
    }
}
